/**
 * Which schedules of faults there are for a scenario: every port call of a run without faults, and what can happen
 * to whole ports.
 */
import { drawer, type Fault } from './fault-plan.ts';
import { runSchedule } from './run-schedule.ts';
import type { Scenario } from './scenario.ts';

/** One schedule as a line that repeats it: `npm run test:faults -- ...` prints these. */
export interface Schedule {
  scenario: Scenario;
  faults: Fault[];
}

const PORTS = ['queue', 'workload', 'clusters', 'results', 'state', 'uploads', 'notices'];
const OBJECTS = ['jobs/demo.json', 'previous/demo.json', 'places.json', 'live/demo'];
const OUTAGE_SECONDS = 600;
/** As a call to a bucket, the longest of all. */
const DEADLINE_SECONDS = 30;

/** All of them, in a fixed order. */
export async function listSchedules(scenarios: readonly Scenario[]): Promise<Schedule[]> {
  const all: Schedule[] = [];
  for (const scenario of scenarios) {
    const { world, endedSeconds } = await runSchedule(scenario, []);
    const faults = [
      ...callFaults(world.calls.length),
      ...outages(endedSeconds ?? 0),
      ...damages(endedSeconds ?? 0),
      ...seededFaults(),
      { kind: 'events', how: 'lost' } as const,
      { kind: 'events', how: 'doubled' } as const,
    ];
    all.push(...faults.map((fault) => ({ scenario, faults: [fault] })));
  }
  return all;
}

/** After the job has ended, calls only look: the last fifth of a run is left out. */
function callFaults(calls: number): Fault[] {
  const faults: Fault[] = [];
  for (let call = 0; call < calls * 0.8; call += 1) {
    for (const when of ['before', 'after'] as const)
      faults.push({ kind: 'crash', call, when }, { kind: 'fail', call, when });
    faults.push({ kind: 'sleep', call, seconds: 200 });
  }
  return faults;
}

function outages(endedSeconds: number): Fault[] {
  const faults: Fault[] = [];
  for (const port of PORTS)
    for (let from = 0; from < endedSeconds; from += 60)
      faults.push(
        { kind: 'outage', port, from, to: from + OUTAGE_SECONDS },
        { kind: 'silence', port, seconds: DEADLINE_SECONDS, from, to: from + OUTAGE_SECONDS },
      );
  return faults;
}

function damages(endedSeconds: number): Fault[] {
  const faults: Fault[] = [];
  for (let at = 20; at < endedSeconds; at += 40)
    faults.push(
      { kind: 'damage', object: 'jobs/demo.json', at, share: 0.5 },
      ...OBJECTS.map((object): Fault => ({ kind: 'loss', object, at })),
    );
  return faults;
}

/** What half of the calls may be refused of: whole ports, and single calls that a pass cannot do without. */
const REFUSED = [...PORTS.map((port) => `${port}.`), 'state.read', 'state.info', 'state.list', 'results.read'];

function seededFaults(): Fault[] {
  return [1, 2, 3, 4].flatMap((seed): Fault[] => [
    ...REFUSED.map((calls): Fault => ({ kind: 'refuse', calls, chance: 0.5, seed })),
    { kind: 'refuse', calls: 'state.write', chance: 0.5, seed },
    { kind: 'refuse', calls: 'results.write', chance: 0.5, seed },
    { kind: 'interleave', seed, processes: 1 + (seed % 10) },
    { kind: 'skew', seconds: seed % 2 === 0 ? 3600 : -3600, everyOther: seed > 2 },
    { kind: 'stale', calls: 'workload.observe', seconds: 120, chance: 0.3, seed },
    { kind: 'stale', calls: 'clusters.get', seconds: 120, chance: 0.3, seed },
    { kind: 'stale', calls: 'uploads.list', seconds: 120, chance: 0.3, seed },
    { kind: 'stale', calls: 'state.list', seconds: 120, chance: 0.3, seed },
    { kind: 'refuse', calls: 'state.write', chance: 0.5, seed, overtaken: true },
    { kind: 'refuse', calls: 'results.write', chance: 0.5, seed, overtaken: true },
  ]);
}

/** So many of them, drawn by a seed. */
export function drawSchedules(all: readonly Schedule[], count: number, seed: number): Schedule[] {
  const draw = drawer(seed);
  return Array.from({ length: count }, () => all[Math.floor(draw() * all.length)]!);
}

/** As a person, or a committed case, names it. */
export function describeSchedule({ scenario, faults }: Schedule): string {
  return `${scenario.name}: ${JSON.stringify(faults)}`;
}
