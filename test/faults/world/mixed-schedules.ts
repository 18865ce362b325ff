/** Two or three faults at once, of any kind, drawn by a seed: of these there are too many to list. */
import { drawer, type Fault } from './fault-plan.ts';
import { runSchedule } from './run-schedule.ts';
import type { Scenario } from './scenario.ts';
import type { Schedule } from './schedules.ts';

const PORTS = ['queue', 'workload', 'clusters', 'results', 'state', 'uploads', 'notices'];
const OBJECTS = ['jobs/demo.json', 'previous/demo.json', 'places.json', 'searched', 'live/demo'];
const REFUSED = ['state.write', 'state.remove', 'state.info', 'state.list', 'results.write', 'uploads.', 'notices'];
/** Within a pass's own time and beyond it, and as long as an attempt: the pass wakes up in the next one. */
const SLEEP_SECONDS = [130, 200, 700, 2500];
const MOST_AT_ONCE = 3;

/** What a run without faults has, so that a fault falls into it. */
interface Extent {
  calls: number;
  seconds: number;
}

export async function drawMixedSchedules(
  scenarios: readonly Scenario[],
  count: number,
  seed: number,
): Promise<Schedule[]> {
  const extents = new Map<Scenario, Extent>();
  for (const scenario of scenarios) {
    const { world, endedSeconds } = await runSchedule(scenario, []);
    extents.set(scenario, { calls: world.calls.length, seconds: endedSeconds ?? 0 });
  }
  const draw = drawer(seed);
  return Array.from({ length: count }, () => {
    const scenario = pick(draw, scenarios);
    const faults = 2 + Math.floor(draw() * (MOST_AT_ONCE - 1));
    return { scenario, faults: Array.from({ length: faults }, () => drawFault(draw, extents.get(scenario)!)) };
  });
}

type Draw = () => number;

function pick<T>(draw: Draw, choices: readonly T[]): T {
  return choices[Math.floor(draw() * choices.length)]!;
}

/** Faults of one call are drawn more often: most of what can go wrong is between two calls. */
function drawFault(draw: Draw, extent: Extent): Fault {
  const call = Math.floor(draw() * extent.calls);
  const seconds = Math.floor(draw() * extent.seconds);
  const seed = Math.floor(draw() * 1e6);
  const when = pick(draw, ['before', 'after'] as const);
  const ofCall: Fault[] = [
    { kind: 'crash', call, when },
    { kind: 'fail', call, when },
    { kind: 'sleep', call, seconds: pick(draw, SLEEP_SECONDS) },
  ];
  const ofAll: Fault[] = [
    { kind: 'outage', port: pick(draw, PORTS), from: seconds, to: seconds + pick(draw, [60, 180, 300]) },
    { kind: 'silence', port: pick(draw, PORTS), seconds: 30, from: seconds, to: seconds + pick(draw, [60, 180, 300]) },
    { kind: 'loss', object: pick(draw, OBJECTS), at: seconds },
    { kind: 'damage', object: pick(draw, OBJECTS), at: seconds, share: pick(draw, [0, 0.5, 0.9]) },
    { kind: 'skew', seconds: pick(draw, [3600, -3600, 170, -170]), everyOther: draw() < 0.5 },
    { kind: 'refuse', calls: pick(draw, [...REFUSED, 'clusters.', 'workload.', 'queue.']), chance: 0.3, seed },
    { kind: 'stale', calls: pick(draw, ['workload.observe', 'clusters.']), seconds: 120, chance: 0.3, seed },
    { kind: 'events', how: pick(draw, ['lost', 'doubled'] as const) },
    { kind: 'interleave', seed, processes: 2 + (seed % 3) },
  ];
  return pick(draw, [...ofCall, ...ofCall, ...ofAll]);
}
