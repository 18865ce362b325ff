/**
 * Bad input through the real local cloud, by plain uploads as any storage client makes them. The error
 * is in the status beside the upload and in the notice, with path and remedy. Nothing billable is ever
 * made for it; a corrected upload is taken up.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { after, before, describe, it } from 'node:test';
import { PubSub, type Message, type Subscription } from '@google-cloud/pubsub';
import { admin, readStatus, type Session } from '../../cli/session.ts';
import { request } from '../../cli/control.ts';
import type { JobStatus } from '../../functions/job/job-status.ts';
import { paths } from '../../functions/job/names.ts';
import { inParallel } from '../../functions/in-parallel.ts';
import type { Notice } from '../../functions/ports/notices.ts';
import { assertNothingLeft, ended, Journey, output, patienceSeconds } from '../../testing/journey.ts';
import { waitFor } from '../../testing/wait-for.ts';

const SCRIPT = 'library(foreach)\nx <- foreach(i = 1:2, .combine = c) %dopar% i\nsaveRDS(x, "x.rds")\n';
/** Passes every check, and waits for a file: shows that a correction is taken up, without a cluster for each. */
const CORRECTED = 'script: run.R\ndata: [{object: later.csv}]\n';
const SMALL = 'script: run.R\nworker: {cpu: 1, memory: 1Gi, max: 1}\n';
const DIGEST = `@sha256:${'a'.repeat(64)}`;

interface Row {
  job: string;
  folder: Record<string, string | Buffer>;
  code: string;
  path: string;
  message: RegExp;
}

function row(
  job: string,
  jobFile: string | Buffer,
  code: string,
  path: string,
  message: RegExp,
  files: Row['folder'] = {},
): Row {
  return { job, folder: { 'run.R': SCRIPT, ...files, 'job.yaml': jobFile }, code, path, message };
}

const script = (line: string): string => `script: run.R\n${line}\n`;
const argument = (text: string): string => script(`arguments: ['${text}']`);
const data = (name: string): string => script(`data: [{object: "${name}"}]`);

const ROWS: Row[] = [
  row('unknown-key', script('wrker: {cpu: 2}'), 'FF-SPEC-UNKNOWN-KEY', 'wrker', /wrker.*job\.yaml:2:1/),
  row('misspelt-key', script('limits: {dollars: 2}'), 'FF-SPEC-UNKNOWN-KEY', 'limits.dollars', /dollars/),
  row('wrong-type', 'script: [run.R]\n', 'FF-SPEC-TYPE', 'script', /script/),
  row('negative', script('limits: {usd: -1}'), 'FF-SPEC-RANGE', 'limits.usd', /limits\.usd/),
  row('not-a-number', script('limits: {usd: .nan}'), 'FF-SPEC-RANGE', 'limits.usd', /limits\.usd/),
  row('too-large', script('limits: {usd: 1e309}'), 'FF-SPEC-RANGE', 'limits.usd', /limits\.usd/),
  row('too-little', script('limits: {usd: 0.0001}'), 'FF-LIMIT-TOO-LOW', 'limits.usd', /price.*\d\.\d{3} USD/),
  row('empty-script', CORRECTED, 'FF-SCRIPT-EMPTY', 'run.R', /empty/, { 'run.R': ' \n' }),
  row('latin-script', CORRECTED, 'FF-SCRIPT-ENCODING', 'run.R', /UTF-8/, { 'run.R': Buffer.from([0x78, 0xe4]) }),
  row('dots', data('../panel.csv'), 'FF-SPEC-NAME', 'data[0].object', /"\.\."/),
  row('hash', data('panel#1.csv'), 'FF-SPEC-NAME', 'data[0].object', /#/),
  row('line-break', data('panel\\n.csv'), 'FF-SPEC-TEXT', 'data[0].object', /line break/),
  row('object-dots', SMALL, 'FF-FILE-NAME', '../evil.txt', /\.\.\/evil\.txt/, { '../evil.txt': 'x' }),
  row('alias-bomb', 'a: &a [x, x]\nscript: [*a, *a]\n', 'FF-SPEC-YAML-FEATURE', '', /anchor.*job\.yaml:1/),
  row('deep', `script: ${'['.repeat(10_000)}`, 'FF-SPEC-DEPTH', '', /16 levels/),
  row('huge', Buffer.alloc(10 * 1024 ** 2, '#'), 'FF-SPEC-SIZE', '', /65536|bytes/),
  row('no-digest', script('image: docker.io/library/r-base:4'), 'FF-SPEC-IMAGE', 'image', /digest/),
  row('elsewhere', script(`image: docker.io/library/r-base${DIGEST}`), 'FF-SPEC-IMAGE', 'image', /registr/),
  row('remove-all', argument('x; rm -rf /'), 'FF-SPEC-SHELL', 'arguments[0]', /shell/),
  row('backticks', argument('`id`'), 'FF-SPEC-SHELL', 'arguments[0]', /shell/),
  row('substitution', argument('$(id)'), 'FF-SPEC-SHELL', 'arguments[0]', /shell/),
  row('preload', script('env: {LD_PRELOAD: /tmp/x.so}'), 'FF-SPEC-ENV', 'env.LD_PRELOAD', /LD_PRELOAD/),
  row('profile', script('env: {R_PROFILE: x}'), 'FF-SPEC-ENV', 'env.R_PROFILE', /R_PROFILE/),
];

describe('bad input', () => {
  const journey = new Journey();
  const notices: Notice[] = [];
  let session: Session;
  let pubsub: PubSub;
  let subscription: Subscription;

  before(async () => {
    session = await journey.start();
    pubsub = new PubSub({ projectId: 'local-project' });
    [subscription] = await pubsub.topic('ff-notices').createSubscription('bad-input');
    subscription.on('message', (message: Message) => {
      notices.push(JSON.parse(message.data.toString()) as Notice);
      message.ack();
    });
    subscription.on('error', () => undefined);
  });
  after(async () => {
    await subscription?.close();
    await pubsub?.close();
    await journey.cleanUp();
  });

  /** The files in the order given: most rows have the job file last, as few copies of a folder would. */
  async function upload(job: string, folder: Row['folder']): Promise<void> {
    for (const [name, content] of Object.entries(folder))
      await session.buckets.uploads.write(paths.folder(job) + name, content, {
        contentType: 'application/octet-stream',
      });
  }

  async function statusThat(job: string, what: string, holds: (status: JobStatus) => boolean): Promise<JobStatus> {
    let status: JobStatus | null = null;
    await waitFor(
      `${job} ${what}`,
      async () => {
        status = await readStatus(session, job);
        return status !== null && holds(status);
      },
      patienceSeconds,
    ).catch((error: unknown) => assert.fail(`${String(error)}: ${JSON.stringify(status, null, 1)}`));
    return status!;
  }

  async function clustersEverMade(): Promise<string[]> {
    const { clusters } = await admin(
      session,
      z.object({ clusters: z.array(z.object({ name: z.string() })) }),
      '/books',
    );
    return clusters.map((cluster) => cluster.name).toSorted();
  }

  it('is uploaded', async () => {
    await inParallel(6, ROWS, ({ job, folder }) => upload(job, folder));
  });

  for (const { job, code, path, message } of ROWS)
    it(`${job}: ${code} with path, message and remedy, in the status and in the notice`, async () => {
      const status = await statusThat(job, 'has failed', (status) => status.ended);
      const [problem] = status.problems;
      assert.deepEqual([status.phase, status.cluster, problem?.code, problem?.path], ['failed', null, code, path]);
      assert.match(problem?.message ?? '', message);
      assert.ok((problem?.remedy ?? '').length > 10, problem?.remedy);
      assert.equal(status.reason?.code, code);
      await waitFor(
        `a notice of ${job}`,
        () => notices.some((notice) => notice.job === job && notice.event === 'failed' && message.test(notice.text)),
        patienceSeconds,
      );
    });

  it('as the name of the folder is said beside the upload, and in a notice', async () => {
    await upload('My_Job', { 'run.R': SCRIPT, 'job.yaml': SMALL });
    const status = await statusThat('My_Job', 'is refused', (status) => status.ended);
    assert.equal(status.problems[0]?.code, 'FF-SPEC-JOB-ID');
    assert.match(status.problems[0]?.remedy ?? '', /my-job/);
    await waitFor('its notice', () => notices.some((notice) => notice.job === 'My_Job'), patienceSeconds);
  });

  const missing: [job: string, folder: Row['folder'], name: string][] = [
    ['no-script', { 'job.yaml': SMALL }, 'run.R'],
    ['no-data', { 'run.R': SCRIPT, 'job.yaml': CORRECTED }, 'later.csv'],
  ];
  for (const [job, folder, name] of missing)
    it(`${job}: waits, and says for what`, async () => {
      await upload(job, folder);
      const status = await statusThat(job, 'waits', (status) => status.waitingFor !== null);
      assert.equal(status.phase, 'waiting');
      assert.equal(status.waitingFor, `${name} (named in job.yaml, not uploaded yet)`);
    });

  it('has made no cluster at all', async () => {
    assert.deepEqual(await clustersEverMade(), []);
  });

  it('that is corrected is taken up by the upload alone', async () => {
    await session.buckets.uploads.remove(paths.folder('object-dots') + '../evil.txt');
    await inParallel(6, ROWS, async ({ job }) => {
      // The job file first: between the script and it, the folder of object-dots would be a whole job.
      await upload(job, { 'job.yaml': CORRECTED, 'run.R': SCRIPT });
      const status = await statusThat(
        job,
        'is taken up',
        (status) => status.attempt === 2 && status.waitingFor !== null,
      );
      assert.deepEqual([status.phase, status.problems], ['waiting', []]);
      await request(session, job, 'cancel');
      await statusThat(job, 'is cancelled', (status) => status.phase === 'cancelled');
    });
    assert.deepEqual(await clustersEverMade(), []);
  });

  it('or odd timing, several at once: each job has its own cluster, succeeds, and leaves nothing', async () => {
    const folder = { 'run.R': SCRIPT, 'job.yaml': SMALL };
    // What happens to these two happens while they run: their script waits for it.
    const released = join(journey.folder, 'released');
    const held = { 'run.R': `while (!file.exists("${released}")) Sys.sleep(0.1)\n${SCRIPT}`, 'job.yaml': SMALL };
    await upload('no-script', { 'run.R': SCRIPT });
    await upload('twice', folder);
    await upload('twice', folder);
    await upload('deleted', held);
    await upload('overwritten', held);
    const begun = (job: string): Promise<JobStatus> =>
      statusThat(job, 'has begun', (status) => status.phase !== 'waiting');
    await begun('deleted');
    await session.buckets.uploads.remove(`${paths.folder('deleted')}job.yaml`);
    await begun('overwritten');
    await upload('overwritten', { 'job.yaml': 'script: [nonsense\n' });
    writeFileSync(released, '');
    for (const job of ['no-script', 'twice', 'deleted', 'overwritten']) {
      const status = await ended(session, job, 0);
      assert.deepEqual([status.phase, status.attempt], ['succeeded', 1], `${job}: ${JSON.stringify(status.reason)}`);
      assert.ok((await output(session, job, 1, 'x.rds')).length > 0);
    }
    assert.deepEqual(await clustersEverMade(), ['ff-deleted-1', 'ff-no-script-1', 'ff-overwritten-1', 'ff-twice-1']);
    await assertNothingLeft(session);
  });
});
