/**
 * Lives of a job in which its user, its script and the cloud do what nobody has listed: drawn by a seed. How such a job
 * ends is its own business; that it ends, and every other promise, is not.
 */
import { drawer } from './fault-plan.ts';
import type { FaultWorld } from './fault-world.ts';
import type { Scenario } from './scenario.ts';
import type { LoopPlan, SimulatedCluster } from './simulated-cluster.ts';

type Draw = () => number;
type Act = (world: FaultWorld) => void;

const LATEST_SECONDS = 3000;
const MOST_EVENTS = 6;
/** Within what is kept back for it. */
const SILENCE_SECONDS = 240;
const LIMITS_USD = [0.15, 0.2, 0.5, 5];

function pick<T>(draw: Draw, choices: readonly T[]): T {
  return choices[Math.floor(draw() * choices.length)]!;
}

function control(kind: string): Act {
  return (world) => void world.uploads.write(`jobs/demo/control/${kind}.json`, '{}', world.nowMs);
}

function upload(name: string, text: string): Act {
  return (world) => void world.uploads.write(`jobs/demo/${name}`, text, world.nowMs);
}

const toClusters =
  (act: (cluster: SimulatedCluster, world: FaultWorld) => void): Act =>
  (world) =>
    world.clusters.forEach((cluster) => act(cluster, world));

/** Somebody deletes the cluster: what only its Redis had is gone with it. */
const deleteByHand = toClusters((cluster, world) => {
  if (cluster.state === 'stopping') return;
  world.excuse(cluster);
  cluster.state = 'stopping';
  cluster.deletedMs = world.nowMs;
});

const failToCreate = toClusters((cluster) => {
  if (cluster.state === 'provisioning') cluster.state = 'error';
});

const failDriver = toClusters((cluster) => {
  if (cluster.driver === 'running') cluster.driver = 'failed';
});

const loseMachine = toClusters((cluster) => cluster.pools.lose());

const silence = (isUp: boolean): Act => toClusters((cluster) => void (cluster.redisUp = isUp));

function removeFolder(world: FaultWorld): void {
  for (const name of world.uploads.objects.keys()) world.uploads.remove(name);
}

/** What happens, as a few things that belong together, and how many seconds later each. */
function drawEvent(draw: Draw, jobFile: string): { act: Act; later: number }[] {
  const alone = (act: Act): { act: Act; later: number }[] => [{ act, later: 0 }];
  const choices = [
    ...['cancel', 'pause', 'resume', 'resume', 'resume', 'approve'].map((kind) => alone(control(kind))),
    [
      { act: control('cancel'), later: 0 },
      { act: control('resume'), later: 5 },
    ],
    [
      { act: upload('job.yaml', jobFile), later: 0 },
      { act: control('resume'), later: 0 },
    ],
    alone(upload('run.R', `x <- ${Math.floor(draw() * 100)}\n`)),
    alone(upload('job.yaml', jobFile)),
    alone(upload('job.yaml', 'no: job\n')),
    alone(removeFolder),
    alone(deleteByHand),
    alone(failToCreate),
    alone(failDriver),
    alone(loseMachine),
    [
      { act: silence(false), later: 0 },
      { act: silence(true), later: SILENCE_SECONDS },
    ],
  ];
  return pick(draw, choices);
}

function drawLoops(draw: Draw): LoopPlan[] {
  const fails: LoopPlan['fails'][] = [undefined, undefined, undefined, (iteration) => iteration % 3 === 0, () => true];
  return Array.from({ length: 1 + Math.floor(draw() * 3) }, () => {
    const failing = pick(draw, fails);
    const plan = { tasks: pick(draw, [1, 3, 12, 40, 200]), seconds: pick(draw, [5, 20, 60]) };
    return failing === undefined ? plan : { ...plan, fails: failing };
  });
}

/** The scenario of a seed: the same one for the same number. */
export function drawScenario(seed: number): Scenario {
  const draw = drawer(seed);
  const limits: number[] = [];
  const jobFile = (): string => {
    const usd = pick(draw, LIMITS_USD);
    limits.push(usd);
    const canary = pick(draw, ['{tasks: 4}', '{tasks: 1}', '{tasks: 4, approval: manual}']);
    const hold = pick(draw, ['0m', '0m', '10m', '24h']);
    return `script: run.R\nlimits: {usd: ${usd}}\ncanary: ${canary}\ndebugHold: ${hold}\n`;
  };
  const first = jobFile();
  const count = 1 + Math.floor(draw() * MOST_EVENTS);
  const drawn = Array.from({ length: count }, () => {
    const at = Math.floor(draw() * LATEST_SECONDS);
    return drawEvent(draw, jobFile()).map(({ act, later }) => ({ when: at + later, act }));
  });
  // Whoever has to approve does so in the end, and nobody waits for more files for ever.
  const last = [{ when: LATEST_SECONDS + SILENCE_SECONDS, act: control('approve') }];
  return {
    name: `drawn ${seed}`,
    jobFile: first,
    script: { loops: drawLoops(draw), outputs: [{ name: 'out.csv', bytes: 10, sha256: 'a'.repeat(64) }] },
    events: [...drawn.flat(), ...last].toSorted((a, b) => a.when - b.when),
    outcomes: ['succeeded', 'failed', 'cancelled', 'stopped', 'paused'],
    capUsd: Math.max(...limits),
  };
}
