/** The engine against the doRedis that it wraps: the same loop, two local workers each, one Redis each. */
import type { Benchmark, BenchmarkOptions } from './benchmark.ts';
import { EngineJob } from './engine-job.ts';
import { EngineSession, type Tasks } from './engine-session.ts';
import { summarize, takeTurns } from './measure.ts';
import { row, type Row } from './table.ts';

/**
 * job: as a job has it, where results above 4 MiB are files. alone: as on a laptop,
 * with a Redis as bare doRedis has it.
 */
type Ours = 'job' | 'alone';
type Session = EngineSession | EngineJob;

interface Case {
  what: string;
  /** Otherwise a session whose Redis writes its append-only file. */
  ours?: Ours;
  tasks: Tasks;
  /** Of the peer, where as many would take hours: then both are shown per task. */
  peerCount?: number;
  repetitions: number;
  target: string;
}

const sleep = (count: number, seconds: number, bytes = 0): Tasks => ({ count, seconds, bytes, kind: 'sleep' });

const cases: readonly Case[] = [
  { what: '2,000 tasks of 5 ms', tasks: sleep(2000, 0.005), repetitions: 3, target: 'ratio <= 0.1' },
  { what: '200 results of 1 KB', tasks: sleep(200, 0, 1024), repetitions: 3, target: 'ratio <= 1.2' },
  { what: '100 results of 1 MB', tasks: sleep(100, 0, 1024 ** 2), repetitions: 3, target: 'ratio <= 1.2' },
  {
    what: '10 results of 50 MB, in a job (as files)',
    ours: 'job',
    tasks: sleep(10, 0, 50 * 1024 ** 2),
    repetitions: 3,
    target: 'ratio <= 1.2',
  },
  {
    what: '10 results of 50 MB, no job, same Redis',
    ours: 'alone',
    tasks: sleep(10, 0, 50 * 1024 ** 2),
    repetitions: 3,
    target: 'ratio <= 1.2',
  },
  {
    what: '10 results of 50 MB, no job, append-only file',
    tasks: sleep(10, 0, 50 * 1024 ** 2),
    repetitions: 3,
    target: 'ratio <= 1.2',
  },
  {
    what: '100,000 tasks of 10 us',
    tasks: { ...sleep(100_000, 1e-5), kind: 'busy' },
    peerCount: 1000,
    repetitions: 3,
    target: 'none',
  },
  { what: '200 tasks of 1 s', tasks: sleep(200, 1), repetitions: 2, target: 'ratio <= 1.03' },
];

export const engineDoRedis: Benchmark = {
  name: 'engine-doredis',
  title: 'the R engine against bare doRedis, two workers each',
  async run(options) {
    const started: Session[] = [];
    const begin = async (session: Promise<Session>): Promise<Session> => {
      started.push(await session);
      return session;
    };
    try {
      const bare = await begin(EngineSession.start('doRedis'));
      const usual = await begin(EngineSession.start('fleet'));
      const special: Record<Ours, Session> = {
        job: await begin(EngineJob.start()),
        alone: await begin(EngineSession.start('fleet', false)),
      };
      const rows: Row[] = [];
      for (const one of cases) {
        const ours = one.ours === undefined ? usual : special[one.ours];
        rows.push(await measure(options.quick ? shortened(one) : one, ours, bare, options));
      }
      return {
        rows,
        notes: [
          'a task sleeps (those of 10 us compute: a sleep gives the processor away); times are those of ' +
            'the loop, with workers at hand',
          'of the 100,000 tasks of 10 us bare doRedis gets 1,000: it needs 100 ms for a task, whatever ' +
            'is in it, so all of them would take more than an hour',
          'our Redis writes its append-only file, as in the cluster, unless it is called the same; that ' +
            'of bare doRedis writes nothing',
          "files of the job go through the tests' server, one process of Node.js on this machine",
        ],
      };
    } finally {
      for (const session of started) await session.stop();
    }
  },
};

async function measure(one: Case, ours: Session, bare: Session, { say }: BenchmarkOptions): Promise<Row> {
  const { tasks, peerCount, repetitions } = one;
  const seconds = await takeTurns(repetitions, {
    ours: () => ours.run(tasks),
    bare: () => bare.run({ ...tasks, count: peerCount ?? tasks.count }),
  });
  say(`engine-doredis: ${one.what}: ${JSON.stringify(seconds)}`);
  const perTask = (values: number[], count: number): number[] => values.map((value) => (value / count) * 1e6);
  if (peerCount === undefined) return row(one.what, 's', summarize(seconds.ours), bareOf(seconds.bare), one.target);
  const peer = bareOf(perTask(seconds.bare, peerCount));
  return row(one.what, 'us per task', summarize(perTask(seconds.ours, tasks.count)), peer, one.target);
}

const bareOf = (samples: number[]): { name: string; summary: ReturnType<typeof summarize> } => ({
  name: 'bare doRedis',
  summary: summarize(samples),
});

function shortened(one: Case): Case {
  const tasks = { ...one.tasks, count: Math.ceil(one.tasks.count / 10) };
  return {
    ...one,
    what: one.what.replace(/^[\d,]+/, String(tasks.count)),
    tasks,
    repetitions: 1,
    ...(one.peerCount === undefined ? {} : { peerCount: one.peerCount / 10 }),
  };
}
