/** The lives of a job that every schedule is laid over. */
import type { FaultWorld } from './fault-world.ts';
import type { Scenario } from './scenario.ts';

const control = (what: string) => (world: FaultWorld) =>
  void world.uploads.write(`jobs/demo/control/${what}.json`, '{}', world.nowMs);

const outputs = [{ name: 'out.csv', bytes: 10, sha256: 'a'.repeat(64) }];
const two = {
  loops: [
    { tasks: 40, seconds: 20 },
    { tasks: 12, seconds: 30 },
  ],
  outputs,
};

export const scenarios: readonly Scenario[] = [
  { name: 'plain', jobFile: 'script: run.R\n', script: two, events: [], outcomes: ['succeeded'], capUsd: 5 },
  {
    name: 'canary failure',
    jobFile: 'script: run.R\n',
    script: { loops: [{ tasks: 40, seconds: 20, fails: () => true }], outputs },
    events: [],
    outcomes: ['failed'],
    capUsd: 5,
  },
  {
    name: 'cancel',
    jobFile: 'script: run.R\n',
    script: two,
    events: [{ when: 'running', afterSeconds: 60, act: control('cancel') }],
    outcomes: ['cancelled', 'succeeded'],
    capUsd: 5,
  },
  {
    name: 'resume',
    jobFile: 'script: run.R\n',
    script: two,
    events: [
      { when: 'running', afterSeconds: 60, act: control('pause') },
      { when: 'paused', afterSeconds: 30, act: control('resume') },
    ],
    outcomes: ['succeeded'],
    capUsd: 5,
  },
  {
    name: 'limit',
    jobFile: 'script: run.R\nlimits: {usd: 0.15}\n',
    script: { loops: [{ tasks: 4000, seconds: 60 }], outputs },
    events: [],
    outcomes: ['stopped'],
    capUsd: 0.15,
  },
  {
    name: 'spot loss',
    jobFile: 'script: run.R\n',
    script: two,
    events: [30, 80, 130].map((afterSeconds) => ({
      when: 'running' as const,
      afterSeconds,
      act: (world: FaultWorld) => [...world.clusters.values()].forEach((cluster) => cluster.pools.lose()),
    })),
    outcomes: ['succeeded'],
    capUsd: 5,
  },
  {
    name: 'long loop in shared files',
    jobFile: 'script: run.R\nworker: {max: 60}\n',
    script: { loops: [{ tasks: 2600, seconds: 5 }], outputs },
    events: [],
    outcomes: ['succeeded'],
    capUsd: 5,
  },
  {
    name: 'no Spot in one zone, then nowhere for half an hour',
    jobFile: 'script: run.R\nmachines: {spot: only}\n',
    script: { loops: [{ tasks: 300, seconds: 60 }], outputs },
    refuses: ({ zone }, seconds) => zone === 'zone-a' || (seconds > 700 && seconds < 2400),
    events: [200, 260].map((afterSeconds) => ({
      when: 'running' as const,
      afterSeconds,
      act: (world: FaultWorld) => [...world.clusters.values()].forEach((cluster) => cluster.pools.lose()),
    })),
    outcomes: ['succeeded'],
    capUsd: 5,
  },
  {
    name: 'large workers, on demand after Spot',
    jobFile: 'script: run.R\nworker: {cpu: 3}\n',
    script: two,
    refuses: ({ spot }) => spot,
    events: [],
    outcomes: ['succeeded'],
    capUsd: 5,
  },
];
