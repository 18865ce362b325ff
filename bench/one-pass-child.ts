/**
 * The measured process of one-pass.ts: all jobs side by side, a pass over each in
 * turn, beside the least that a pass could do.
 */
import { answer, question } from './child.ts';
import { startKubernetesLists } from './kubernetes-lists.ts';
import { addResults, type JobShape } from './fill-redis.ts';
import { LargeJob, readOnly } from './large-job.ts';
import { cpuMs } from './measure.ts';

export interface PassQuestion {
  passes: number;
  /** Tasks and workers are multiplied by it. */
  scale: number;
}

export interface Measured {
  what: string;
  kind: 'size' | 'growth';
  /** The whole pass. */
  oursMs: number[];
  /** With pods and machines in memory: a pass without what reading and changing the cluster costs. */
  withoutListsMs: number[];
  peerMs: number[];
  /** Before anything was optimized by the engine, the connection made and nothing warm. */
  firstMs: number;
  recordBytes: number;
  decision: string;
}

interface Scenario {
  what: string;
  kind: Measured['kind'];
  shape: JobShape;
  /** Results journalled before each pass. */
  newResults: number;
}

const WARM_UP = 5;
const RESULT_BYTES = 10_000;

function scenarios(scale: number): Scenario[] {
  const scaled = (count: number): number => Math.max(1, Math.round(count * scale));
  const workers = { busyWorkers: scaled(1000), idleWorkers: 0 };
  const half: JobShape = { loops: 1, tasksPerLoop: scaled(100_000), waiting: scaled(49_000), ...workers };
  const finished = (tasks: number): Scenario => ({
    ...{
      what: `${tasks.toLocaleString('en')} tasks in one loop, all but 1,000 finished`,
      kind: 'growth',
      newResults: 0,
    },
    shape: { loops: 1, tasksPerLoop: Math.max(scaled(tasks), workers.busyWorkers), waiting: 0, ...workers },
  });
  const loops = (tasks: number): Scenario => ({
    ...{
      what: `${tasks.toLocaleString('en')} tasks in loops of 1,000, all but the last loop finished`,
      kind: 'growth',
    },
    shape: { loops: scaled(tasks / 1000), tasksPerLoop: 1000, waiting: 0, ...workers },
    newResults: 0,
  });
  const idle: JobShape = { ...half, waiting: 0, busyWorkers: scaled(500), idleWorkers: scaled(500) };
  return [
    { what: '100,000 tasks, half of them done', kind: 'size', shape: half, newResults: 0 },
    { what: '  and 100 new results to back up', kind: 'size', shape: half, newResults: 100 },
    { what: '  and 500 of 1,000 workers idle, to be released', kind: 'size', shape: idle, newResults: 0 },
    ...[1000, 10_000, 100_000, 1_000_000].map(finished),
    ...[10_000, 100_000, 1_000_000].map(loops),
  ];
}

const { passes, scale } = question<PassQuestion>();
const running: { scenario: Scenario; job: LargeJob; measured: Measured }[] = [];
for (const scenario of scenarios(scale)) {
  const { what, kind, shape } = scenario;
  const measured = { what, kind, oursMs: [], withoutListsMs: [], peerMs: [], firstMs: 0, recordBytes: 0, decision: '' };
  running.push({ scenario, job: await LargeJob.start(shape), measured });
}
const kubernetes = await startKubernetesLists(Math.max(1, Math.round(1000 * scale)));
let results = 0;
for (let pass = -WARM_UP; pass < passes; pass += 1) {
  for (const { scenario, job, measured } of running) {
    const { shape, newResults } = scenario;
    const measure = async (work: () => Promise<unknown>): Promise<number> => {
      job.prepare();
      const count = newResults;
      if (count > 0)
        await addResults(job.redis.client, { loop: shape.loops, from: results + 1, count, bytes: RESULT_BYTES });
      results += count;
      return cpuMs(work);
    };
    const ours = await measure(() => job.pass(kubernetes.config));
    const withoutLists = await measure(() => job.pass());
    const peer = await cpuMs(() => readOnly(job.redis, shape.loops));
    if (pass === -WARM_UP) measured.firstMs = ours;
    if (pass < 0) continue;
    measured.oursMs.push(ours);
    measured.withoutListsMs.push(withoutLists);
    measured.peerMs.push(peer);
  }
}
await kubernetes.stop();
for (const { job, measured } of running) {
  measured.recordBytes = await job.recordBytes();
  measured.decision = await job.lastDecision();
  await job.redis.stop();
}
await answer(running.map(({ measured }) => measured));
