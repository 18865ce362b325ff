/**
 * The command against a local cloud with real R and Redis: what it prints, one JSON value with --json, and its exit
 * codes. In this process; as a process of its own where a process is what is tested: exit code, streams, signals.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { request } from '../../cli/control.ts';
import { readStatus, type Session } from '../../cli/session.ts';
import { paths } from '../../functions/job/names.ts';
import { ended, Journey, patienceSeconds } from '../../testing/journey.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { askHere, callHere, type Ran } from '../support/command.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));
const SMALL = 'script: run.R\nworker: {cpu: 1, memory: 1Gi, max: 1}\n';
const SCRIPT =
  'library(foreach)\nx <- foreach(i = 1:2, .combine = c) %dopar% i\nprint(x)\nwriteLines(format(x), "x.txt")\n';
const FAILING = 'library(foreach)\nx <- foreach(i = 1:2) %dopar% stop("no value ", i)\n';
const ENDLESS = 'library(foreach)\nx <- foreach(i = 1:500) %dopar% Sys.sleep(1)\n';

/** Without the variables of the test process: they would name the cloud that the session here has opened. */
function start(args: string[], nodeOptions: string[] = []): { child: ChildProcess; ran: Promise<Ran> } {
  const { PATH, HOME, NODE_OPTIONS, FF_TEST_NETWORK_REPORT } = process.env;
  const passedOn = Object.entries({ PATH, HOME, NODE_OPTIONS, FF_TEST_NETWORK_REPORT }).filter(([, value]) => value);
  const env = { ...Object.fromEntries(passedOn), R_LIBS: join(project, '.local/R'), NO_COLOR: '1' };
  const child = spawn(process.execPath, [...nodeOptions, 'cli/main.ts', ...args], {
    cwd: project,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ran: Ran = { code: null, out: '', err: '' };
  child.stdout.on('data', (text: Buffer) => (ran.out += text.toString()));
  child.stderr.on('data', (text: Buffer) => (ran.err += text.toString()));
  return { child, ran: new Promise((resolve) => child.once('close', (code) => resolve({ ...ran, code }))) };
}

const run = (...args: string[]): Promise<Ran> => start(args).ran;

/** The one JSON value that the command printed. */
async function json(code: number, ...args: string[]): Promise<any> {
  const ran = await run('--json', ...args);
  assert.equal(ran.code, code, `${args.join(' ')}: ${ran.out}${ran.err}`);
  return JSON.parse(ran.out);
}

describe('the command as a process, without a cloud', () => {
  it('its exit code says what is wrong; the message is on stderr, or the one JSON value on stdout', async () => {
    const { code, out, err } = await run('--state', '/nonexistent', 'status');
    assert.deepEqual([code, out], [6, '']);
    assert.match(err, /^FF-NO-CLOUD: .*\n {2}what to do: start one with/);
    assert.equal((await json(2, 'frobnicate')).error.code, 'FF-USAGE');
  });

  it('--help loads nothing of a vendor: no storage client, no local cloud', async () => {
    const { code, out } = await start(['status', '--help'], ['--import', './test/support/loaded-packages.ts']).ran;
    assert.equal(code, 0);
    assert.match(out, /\nloaded: commander\n$/);
  });
});

describe('the command with a local cloud', () => {
  const journey = new Journey();
  const state = ['--state', journey.stateDir];
  let session: Session;

  before(async () => {
    session = await journey.start();
  });
  after(() => journey.cleanUp());

  const ask = (code: number, ...args: string[]): Promise<any> => askHere(code, ...state, ...args);

  it('doctor finds everything in order', async () => {
    const findings = (await ask(0, 'doctor')) as { what: string; ok: boolean }[];
    assert.ok(findings.filter(({ what }) => what.startsWith('local cloud, bucket')).length === 3);
  });

  it('an unknown job is exit code 5 for every subcommand, a bad id 2', async () => {
    const calls = [
      ['status'],
      ['watch'],
      ['logs'],
      ['errors'],
      ['results', '--to', 'x'],
      ...['cost', 'cancel', 'pause', 'resume', 'approve'].map((name) => [name]),
    ];
    for (const [command, ...rest] of calls) {
      assert.equal((await ask(5, command!, 'nobody', ...rest)).error.code, 'FF-NO-JOB', command);
      assert.equal((await ask(2, command!, 'No_Body', ...rest)).error.code, 'FF-SPEC-JOB-ID', command);
    }
    assert.deepEqual(await ask(0, 'status'), []);
  });

  it('submit refuses a folder before anything is uploaded', async () => {
    const folder = journey.jobFolder('wrong', SCRIPT, 'script: run.R\nwrker: {}\n');
    assert.equal((await ask(2, 'submit', folder)).error.code, 'FF-SPEC-UNKNOWN-KEY');
    assert.equal((await ask(2, 'submit', join(folder, 'none'), '--id', 'wrong')).error.code, 'FF-NO-FOLDER');
    assert.equal((await ask(2, 'submit', folder, '--id', 'Wrong')).error.code, 'FF-SPEC-JOB-ID');
    assert.equal((await ask(2, 'submit', join(folder, 'job.yaml'))).error.code, 'FF-NO-FOLDER');
    writeFileSync(join(folder, 'job.yaml'), 'script: other.R\n');
    assert.equal((await ask(2, 'submit', folder)).error.code, 'FF-FILES-MISSING');
    mkdirSync(join(journey.folder, 'empty'));
    assert.equal((await ask(2, 'submit', join(journey.folder, 'empty'))).error.code, 'FF-NO-JOB-FILE');
    assert.deepEqual(await session.buckets.uploads.list('jobs/'), []);
  });

  it('submit --watch shows the job and ends with its exit code; the same folder again changes nothing', async () => {
    const folder = journey.jobFolder('good', SCRIPT, SMALL);
    const ran = await run(...state, 'submit', folder, '--watch');
    assert.equal(ran.code, 0, ran.out + ran.err);
    assert.match(
      ran.out,
      /phase creating: .*\n[^]*job good, attempt 1: succeeded\n[^]*next: foreach-fleet results good/,
    );
    assert.ok(!ran.out.includes('\u001b'), 'no escape where there is no terminal');
    const again = await ask(0, 'submit', folder);
    assert.deepEqual([again.goesOn, again.text], [false, 'good has already succeeded; nothing changed']);
    const watched = await callHere(...state, 'submit', folder, '--watch');
    assert.equal(watched.code, 0);
    assert.match(
      watched.out,
      /good has already succeeded; nothing changed\nnext: foreach-fleet results good --to DIR\n$/,
    );
    assert.equal((await ask(0, 'watch', 'good')).attempt, 1);
    assert.equal((await ask(0, 'resume', 'good')).requested, null);
  });

  it('status, logs, errors and cost of a job that has ended', async () => {
    assert.equal((await ask(0, 'status', 'good')).phase, 'succeeded');
    assert.deepEqual(
      (await ask(0, 'status')).map((job: { job: string }) => job.job),
      ['good'],
    );
    assert.deepEqual(await ask(0, 'errors', 'good'), []);
    assert.ok((await ask(0, 'cost', 'good')).usd > 0);
    const lines = (await ask(0, 'logs', 'good', '--role', 'driver')) as { pod: string; machine: boolean }[];
    assert.ok(lines.length > 0 && lines.every((line) => line.pod.startsWith('driver')), JSON.stringify(lines));
    assert.equal((await ask(0, 'logs', 'good', '--tail', '1')).length, 1);
    assert.equal((await ask(2, 'logs', 'good', '--tail', 'few')).error.code, 'FF-USAGE');
    assert.equal((await ask(2, 'logs', 'good', '--role', 'drivers')).error.code, 'FF-USAGE');
    const all = (await ask(0, 'logs', 'good')) as { pod: string; text?: string }[];
    assert.ok(
      all.every(({ pod, text }) => pod && text),
      JSON.stringify(all.at(-1)),
    );
    const followed = await callHere(...state, 'logs', 'good', '--role', 'driver', '--follow');
    assert.equal(followed.code, 0);
    const forPeople = lines.filter((line) => !line.machine).length;
    assert.ok(forPeople >= 1 && forPeople < lines.length, JSON.stringify(lines));
    assert.equal(followed.out.trimEnd().split('\n').length, forPeople);
  });

  it('output that nobody reads any more is no error', async () => {
    const { child, ran } = start([...state, 'logs', 'good']);
    child.stdout!.destroy();
    const { code, err } = await ran;
    assert.deepEqual([code, err], [0, '']);
  });

  it('results writes what the script wrote, and every iteration with --all', async () => {
    const to = join(journey.folder, 'out');
    writeFileSync(to, '');
    assert.equal((await ask(2, 'results', 'good', '--to', to)).error.code, 'FF-FILE-ACCESS');
    rmSync(to);
    const done = await ask(0, 'results', 'good', '--to', to, '--all');
    assert.equal(readFileSync(join(to, 'x.txt'), 'utf8'), '1\n2\n');
    assert.equal(done.iterations, 2);
    assert.equal(readFileSync(join(to, 'ledger.jsonl'), 'utf8').trimEnd().split('\n').length, 2);
    assert.equal(readFileSync(join(to, 'attempt-1/loop-1/iteration-000001.rds')).subarray(0, 1).toString(), 'X');
  });

  it('results notices a file that is not what was computed', async () => {
    const object = `${paths.outputs('good', 1)}x.txt`;
    const kept = await session.buckets.results.read(object, 1e6);
    await session.buckets.results.write(object, 'other', { contentType: 'text/plain' });
    const told = await ask(1, 'results', 'good', '--to', join(journey.folder, 'out-2'));
    assert.equal(told.error.code, 'FF-RESULT-DAMAGED');
    await session.buckets.results.write(object, kept!.bytes, { contentType: 'text/plain' });
  });

  it('a changed folder of a job that has succeeded waits for resume, which is followed at once', async () => {
    const folder = journey.jobFolder('good', `${SCRIPT}writeLines("new", "new.txt")\n`, SMALL);
    const changed = await ask(0, 'submit', folder);
    assert.deepEqual([changed.goesOn, changed.next], [false, 'foreach-fleet resume good']);
    assert.equal((await ask(0, 'resume', 'good')).requested, 'resume');
    assert.equal((await ask(0, 'watch', 'good')).attempt, 2);
    const to = join(journey.folder, 'out-3');
    const names = (await ask(0, 'results', 'good', '--to', to)).files.map((file: { name: string }) => file.name);
    assert.deepEqual(
      names.filter((name: string) => name.endsWith('.txt')),
      ['new.txt', 'x.txt'],
    );
  });

  it('a failed job: exit code 3, its errors, and resume as the next command', async () => {
    const folder = journey.jobFolder('failing', FAILING, SMALL);
    const ran = await run(...state, 'submit', folder, '--watch');
    assert.equal(ran.code, 3, ran.out + ran.err);
    assert.match((await ask(0, 'errors', 'failing'))[0].message, /no value \d/);
    assert.equal((await run(...state, 'errors', 'failing')).err, '', 'no warnings of libraries');
    const again = await ask(0, 'submit', folder);
    assert.deepEqual([again.goesOn, again.text], [false, 'failing has ended (failed); nothing changed']);
    assert.match(again.next, /foreach-fleet resume failing/);
    assert.equal((await callHere(...state, 'submit', folder, '--watch')).code, 3);
  });

  it('approve, pause, resume and cancel: each is answered, and watch ends with 4', async () => {
    const folder = journey.jobFolder('asked', ENDLESS, `${SMALL}canary: {approval: manual, tasks: 1}\n`);
    assert.equal((await ask(0, 'submit', folder)).goesOn, true);
    const inPhase = (phase: string): Promise<true> =>
      waitFor(
        `asked is in ${phase}`,
        async () => (await readStatus(session, 'asked'))?.phase === phase,
        patienceSeconds,
      );
    await inPhase('approval');
    assert.match((await callHere(...state, 'status', 'asked')).out, /next: foreach-fleet approve asked/);
    assert.match((await callHere(...state, 'approve', 'asked')).out, /asked to approve asked: the fleet will grow/);
    await inPhase('running');
    assert.match((await ask(0, 'submit', folder)).text, /attempt 1 of asked is running/);
    await ask(0, 'pause', 'asked');
    assert.equal((await ask(4, 'watch', 'asked')).phase, 'paused');
    assert.equal((await ask(0, 'cancel', 'asked')).requested, null);
    await ask(0, 'resume', 'asked');
    await waitFor('attempt 2', async () => (await readStatus(session, 'asked'))?.attempt === 2, patienceSeconds);
    await request(session, 'asked', 'cancel');
    assert.equal((await ask(4, 'watch', 'asked')).phase, 'cancelled');
    assert.equal((await ended(session, 'asked', 1)).attempt, 2);
  });

  it('a second local cloud on the same state is refused', async () => {
    assert.equal((await ask(2, 'local')).error.code, 'FF-STATE-IN-USE');
    assert.equal((await ask(2, 'demo', '--example', 'hello')).error.code, 'FF-STATE-IN-USE');
  });

  it('local --stop returns when it has ended; then every command says that it is not running', async () => {
    assert.equal((await ask(0, 'local', '--stop')).stopped, true);
    for (const command of [['status'], ['watch', 'good'], ['cancel', 'good'], ['logs', 'good'], ['local', '--stop']])
      assert.equal((await ask(6, ...command)).error.code, 'FF-NOT-RUNNING', command.join(' '));
    const findings = (await ask(1, 'doctor')) as { what: string; ok: boolean; remedy: string }[];
    assert.ok(findings.some(({ ok, remedy }) => !ok && remedy.includes('foreach-fleet local')));
  });

  it('local goes on with its state, prints its environment, and ends on SIGTERM', async () => {
    const { child, ran } = start([...state, 'local']);
    await waitFor('it answers', async () => (await callHere(...state, 'status', 'good')).code === 0, patienceSeconds);
    child.kill('SIGTERM');
    const { code, out } = await ran;
    assert.equal(code, 0);
    assert.match(out, /^export CLOUDSDK_CONFIG='[^]*export FF_UPLOADS_BUCKET=/);
  });
});
