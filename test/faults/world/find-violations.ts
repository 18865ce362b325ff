/**
 * The promises, checked against the world's own books and the bytes in the buckets;
 * nothing of the product's records is believed.
 */
import { createHash } from 'node:crypto';
import type { JobRecord } from '../../../functions/job/job-record.ts';
import type { FaultWorld } from './fault-world.ts';
import { readPart } from './read-part.ts';
import type { Scenario } from './scenario.ts';
import { valueOf } from './simulated-cluster.ts';

export interface Violation {
  kind:
    | 'result-lost'
    | 'result-wrong'
    | 'ledger-lies'
    | 'clusters-at-once'
    | 'canary'
    | 'left-behind'
    | 'money'
    | 'estimate'
    | 'hangs'
    | 'outcome'
    | 'status'
    | 'notice'
    | 'marker'
    | 'busy-killed'
    | 'gate';
  text: string;
}

/**
 * How far spending may pass the limit: what one fleet of the scenario costs while it is wound down, and while ticks
 * cannot act because of the schedule. Winding down takes a tick, a back-up, and a deletion that the world makes last
 * three minutes. The product's own reserve is below the limit.
 */
const OVERSHOOT_USD = 0.1;

export function findViolations(
  world: FaultWorld,
  scenario: Scenario,
  record: JobRecord | null,
  endedSeconds: number | null,
): Violation[] {
  const found: Violation[] = [];
  const add: Add = (kind, text) => void found.push({ kind, text });
  checkResults(world, add);
  checkBooks(world, scenario, add);
  if (record === null || endedSeconds === null)
    add('hangs', `phase ${record?.phase ?? 'none'}, waiting for ${record?.waitingFor ?? 'nothing'}`);
  else {
    if (!isExpected(world, scenario, record)) add('outcome', `${record.phase}: ${record.ending?.code ?? ''}`);
    checkAnnouncements(world, record, add);
    checkEstimate(world, record, add);
  }
  return found;
}

function isExpected(world: FaultWorld, scenario: Scenario, { phase, ending }: JobRecord): boolean {
  return scenario.outcomes.includes(phase) || (ending?.code === 'FF-RECORD-LOST' && world.mayLoseRecord());
}

/** Of a lost record only what was shown last is known, which is up to a pass old. */
function checkEstimate({ usd }: FaultWorld, { spending, ending }: JobRecord, add: Add): void {
  if (usd > spending.usd && ending?.code !== 'FF-RECORD-LOST')
    add('estimate', `${usd.toFixed(3)} USD were spent, the record says ${spending.usd.toFixed(3)}`);
}

type Add = (kind: Violation['kind'], text: string) => void;

/**
 * One cluster at most, two machines before the canary has passed, nothing left, no busy worker killed, and a bill that
 * the limit allows.
 */
function checkBooks(world: FaultWorld, scenario: Scenario, add: Add): void {
  if (world.mostClusters > 1) add('clusters-at-once', `${world.mostClusters} clusters of one job`);
  const most = Math.max(0, ...world.everyCluster.map((cluster) => cluster.mostInCanary));
  if (most > 1) add('canary', `${most + 1} machines before the canary has passed`);
  const left = [...world.clusters.keys(), ...world.leftovers.map((one) => one.name)];
  if (left.length > 0) add('left-behind', left.join(', '));
  if (world.usd > scenario.capUsd + OVERSHOOT_USD)
    add('money', `${world.usd.toFixed(3)} USD, the limit is ${scenario.capUsd}`);
  const killed = world.everyCluster.flatMap((cluster) => cluster.killedBusy);
  if (killed.length > 0) add('busy-killed', killed.join(' '));
}

/**
 * Every result that Redis accepted lies in the bucket, byte for byte, and every line
 * of the ledger names bytes that are there.
 */
function checkResults(world: FaultWorld, add: Add): void {
  const saved = new Set<string>();
  const lies: string[] = [];
  for (const [name, { bytes }] of world.results.objects) {
    if (!/\/ledger\/\d+\.jsonl$/.test(name)) continue;
    for (const line of bytes.toString('utf8').trimEnd().split('\n')) {
      const entry = JSON.parse(line) as LedgerEntry;
      const value = valueIn(world, entry);
      const isThere = value !== null && createHash('sha256').update(value).digest('hex') === entry.sha256;
      if (!isThere) lies.push(`${name}: loop ${entry.loop}, iteration ${entry.iteration}`);
      else if (!value.equals(valueOf(entry.loop, entry.iteration)))
        add('result-wrong', `loop ${entry.loop}, iteration ${entry.iteration}`);
      else saved.add(`${entry.loop}/${entry.iteration}`);
    }
  }
  if (lies.length > 0) add('ledger-lies', `${lies.length} lines, such as ${lies[0]}`);
  const lost = world.accepted.filter((entry) => !saved.has(`${entry.loop}/${entry.iteration}`));
  if (lost.length > 0)
    add('result-lost', `${lost.length} of ${world.accepted.length}, such as ${lost[0]!.loop}/${lost[0]!.iteration}`);
}

interface LedgerEntry {
  loop: number;
  iteration: number;
  sha256: string;
  object: string;
  part: string | null;
}

function valueIn(world: FaultWorld, entry: LedgerEntry): Buffer | null {
  const object = world.results.read(entry.object);
  if (object === null) return null;
  return entry.part === null ? object.bytes : (readPart(object.bytes).get(entry.part) ?? null);
}

/** The end is told: in status.json, by a notice, and the job is no longer on the list of live ones. */
function checkAnnouncements(world: FaultWorld, record: JobRecord, add: Add): void {
  const status = world.uploads.read('jobs/demo/status.json');
  const shown =
    status === null ? null : (JSON.parse(status.bytes.toString('utf8')) as { phase: string; attempt: number });
  if (shown?.phase !== record.phase || shown.attempt !== record.attempt)
    add('status', `status.json says ${shown?.phase ?? 'nothing'}, the record ${record.phase}`);
  const told = world.notices.some((notice) => notice.event === record.phase && notice.attempt === record.attempt);
  if (!told) add('notice', `nobody was told of ${record.phase}`);
  if (world.state.read('live/demo') !== null) add('marker', 'the ended job is still marked live');
}
