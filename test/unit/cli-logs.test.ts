/** `logs`: what of a job's printed lines is shown, and when. The log store is the local cloud's own. */
import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { logs } from '../../cli/commands/logs.ts';
import type { Session } from '../../cli/session.ts';
import { startAdmin } from '../../local-cloud/admin/admin.ts';
import type { AdminTargets } from '../../local-cloud/admin/routes.ts';
import { containerEntry } from '../../local-cloud/eventarc/log-entry.ts';
import { LogStore } from '../../local-cloud/eventarc/log-store.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { runOn, tellStatus, virtualSession } from '../support/virtual-session.ts';

const TOKEN = 'test';
const stateDir = mkdtempSync(join(tmpdir(), 'ff-logs-'));
const functionsLog = join(stateDir, 'logs', 'functions.log');
const store = new LogStore(join(stateDir, 'logs', 'clusters'));
let minute = 0;

/** A line of a pod; each a second later than the one before, unless it says when. */
function print(job: string, pod: string, container: string, line: string, atSecond?: number): void {
  const timestamp = new Date(Date.UTC(2026, 10, 23, 12, 0, atSecond ?? (minute += 1))).toISOString();
  const place = { projectId: 'p', location: 'l', nowMs: 0 };
  const cluster = `ff-${job}-1`;
  store.append(
    containerEntry(
      { cluster, namespace: 'foreach-fleet', pod, container, podLabels: {}, stream: 'stdout', timestamp, line },
      place,
    ),
  );
}

describe('logs', () => {
  let session: Session;
  let stop: () => Promise<void>;

  before(async () => {
    const targets = { logs: store.read.bind(store) } satisfies Partial<AdminTargets>;
    const admin = await startAdmin({ port: 0, token: TOKEN, targets: targets as unknown as AdminTargets });
    stop = admin.stop;
    mkdirSync(join(stateDir, 'logs'), { recursive: true });
    const endpoints = {
      ...{ pid: process.pid, admin: { url: admin.url, token: TOKEN }, ports: {}, functionPorts: {}, environment: {} },
      clientEnvironment: { FF_STATE_DIR: stateDir },
    };
    session = virtualSession({ local: true, endpoints });
  });
  after(async () => {
    await stop();
    rmSync(stateDir, { recursive: true });
  });
  beforeEach(() => {
    minute = 0;
  });

  const run = async (job: string, options: Record<string, unknown> = {}, json = false): Promise<string[]> =>
    (await runOn(session, logs, { words: [job], options, json })).out.split('\n').filter((line) => line !== '');
  const texts = (lines: string[]): string[] => lines.map((line) => line.split(' ').slice(2).join(' '));

  it('shows what was printed for people; lines for the control plane on request, and with --json', async () => {
    await tellStatus(session, 'mixed', { ended: true });
    print('mixed', 'driver-1', 'driver', 'hello');
    print('mixed', 'driver-1', 'driver', '{"ff":"progress","event":"tasks"}');
    print('mixed', 'driver-1', 'driver', '{"of":"the user"}');
    assert.deepEqual(texts(await run('mixed')), ['hello', '{"of":"the user"}']);
    assert.equal((await run('mixed', { machine: true })).length, 3);
    const [lines] = await run('mixed', {}, true);
    assert.equal((JSON.parse(lines ?? '') as object[]).length, 3);
  });

  it('--tail counts the lines that are shown', async () => {
    await tellStatus(session, 'tail', { ended: true });
    for (let i = 1; i <= 5; i += 1) {
      print('tail', 'driver-1', 'driver', `line ${i}`);
      print('tail', 'driver-1', 'driver', '{"ff":"progress"}');
    }
    assert.deepEqual(texts(await run('tail', { tail: '2' })), ['line 4', 'line 5']);
  });

  it('--follow --tail N shows the last N lines, then every new one, also one that is older than others', async () => {
    await tellStatus(session, 'followed', { phase: 'running', ended: false });
    for (let i = 1; i <= 4; i += 1) print('followed', 'driver-1', 'driver', `old ${i}`);
    const shown: string[] = [];
    const context = {
      ...{ json: false, state: undefined, sayJson: () => undefined, note: () => undefined },
      say: (line = '') => void shown.push(line),
      session: async () => session,
    };
    const ended = logs.run(context, { follow: true, tail: '2' }, 'followed');
    await waitFor('the old lines', () => shown.length === 2);
    for (let i = 1; i <= 4; i += 1) print('followed', 'driver-1', 'driver', `new ${i}`, 20 + i);
    await waitFor('the new lines', () => shown.length === 6);
    print('followed', 'worker-1', 'worker', 'late', 10);
    await waitFor('the late line', () => shown.length === 7);
    print('followed', 'worker-1', 'worker', 'last', 30);
    await tellStatus(session, 'followed', { phase: 'succeeded', ended: true });
    await ended;
    assert.deepEqual(texts(shown), ['old 3', 'old 4', 'new 1', 'new 2', 'new 3', 'new 4', 'late', 'last']);
  });

  it('--role functions heeds --tail and --follow, and shows no other job', async () => {
    await tellStatus(session, 'asked', { phase: 'running', ended: false });
    const log = (job: string, message: string): void =>
      appendFileSync(functionsLog, `${JSON.stringify({ severity: 'INFO', message, job })}\n`);
    for (const name of ['pass: waiting', 'pass: creating', 'pass: running']) log('asked', name);
    log('asked-too', 'pass: failed');
    const last = await run('asked', { role: 'functions', tail: '1' });
    assert.deepEqual(last, ['functions INFO pass: running']);
    const shown: string[] = [];
    const context = {
      ...{ json: false, state: undefined, sayJson: () => undefined, note: () => undefined },
      say: (line = '') => void shown.push(line),
      session: async () => session,
    };
    const ended = logs.run(context, { follow: true, tail: '1', role: 'functions' }, 'asked');
    await waitFor('the last line', () => shown.length === 1);
    log('asked', 'pass: draining');
    await waitFor('the new line', () => shown.length === 2);
    await tellStatus(session, 'asked', { phase: 'succeeded', ended: true });
    await ended;
    assert.deepEqual(shown, ['functions INFO pass: running', 'functions INFO pass: draining']);
  });

  it('--role functions --follow loses no line behind bytes that are not UTF-8', async () => {
    await tellStatus(session, 'bytes', { phase: 'running', ended: false });
    const line = (message: string): string => JSON.stringify({ severity: 'INFO', message, job: 'bytes' });
    const odd = Buffer.concat([Buffer.from('{"message":"'), Buffer.alloc(1000, 0xff), Buffer.from('"}\n')]);
    appendFileSync(functionsLog, Buffer.concat([odd, Buffer.from(`${line('first')}\n`)]));
    const shown: string[] = [];
    const context = {
      ...{ json: false, state: undefined, sayJson: () => undefined, note: () => undefined },
      say: (text = '') => void shown.push(text),
      session: async () => session,
    };
    const ended = logs.run(context, { follow: true, role: 'functions' }, 'bytes');
    await waitFor('the first line', () => shown.length === 1);
    appendFileSync(functionsLog, `${line('second')}\n`);
    await tellStatus(session, 'bytes', { phase: 'succeeded', ended: true });
    await ended;
    assert.deepEqual(shown, ['functions INFO first', 'functions INFO second']);
  });

  it('in the cloud names the command for the cluster of the newest attempt, and for the role', async () => {
    const cloud = virtualSession();
    await tellStatus(cloud, 'far', { attempt: 3, ended: true });
    const { code, thrown } = await runOn(cloud, logs, { words: ['far'], options: { role: 'driver' } });
    assert.equal(code, 2);
    assert.match(thrown?.remedy ?? '', /cluster_name="ff-far-3".*container_name="driver"/);
    const functions = await runOn(cloud, logs, { words: ['far'], options: { role: 'functions' } });
    assert.match(functions.thrown?.remedy ?? '', /jsonPayload\.job="far"/);
  });
});
