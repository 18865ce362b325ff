/**
 * The local cloud's own books: node-seconds and API calls. The control plane cannot see or change
 * them, so a test (or the demo's closing proof) compares what happened with what the control plane
 * believes. One append-only JSON-lines file.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import * as z from 'zod';
import type { Clock } from './clock.ts';
import { appendText } from './disk.ts';
import { parseJsonIfWhole } from './read-json.ts';

const labels = z.record(z.string(), z.string());
const machine = z.object({
  name: z.string(),
  cluster: z.string(),
  pool: z.string(),
  machineType: z.string(),
  spot: z.boolean(),
  zone: z.string(),
  labels,
});
const cluster = z.object({ name: z.string(), location: z.string(), labels });
const at = z.number();

const line = z.discriminatedUnion('what', [
  z.object({ at, what: z.literal('call'), service: z.string(), method: z.string(), status: z.number() }),
  z.object({ at, what: z.literal('machine-started'), machine }),
  z.object({ at, what: z.literal('machine-ended'), name: z.string() }),
  z.object({ at, what: z.literal('cluster-started'), cluster }),
  z.object({ at, what: z.literal('cluster-ended'), name: z.string() }),
]);
type Line = z.infer<typeof line>;

/** When it began, and when it ended; null as long as it exists. */
interface Span {
  startedMs: number;
  endedMs: number | null;
}
type NewMachine = z.infer<typeof machine>;
type NewCluster = z.infer<typeof cluster>;
export type MachineEntry = NewMachine & Span;
export type ClusterEntry = NewCluster & Span;

export class Books {
  readonly machines = new Map<string, MachineEntry>();
  readonly clusters = new Map<string, ClusterEntry>();
  readonly calls = new Map<string, number>();
  readonly #file: string;
  readonly #clock: Clock;

  constructor(file: string, clock: Clock) {
    this.#file = file;
    this.#clock = clock;
    mkdirSync(dirname(file), { recursive: true });
    if (!existsSync(file)) return;
    for (const text of readFileSync(file, 'utf8').split('\n')) {
      // A line cut short by a crash is not an entry.
      const written = parseJsonIfWhole(text, line);
      if (written) this.#apply(written);
    }
  }

  call(service: string, method: string, status: number): void {
    this.#append({ at: this.#clock.nowMs(), what: 'call', service, method, status });
  }

  machineStarted(machine: NewMachine): void {
    this.#append({ at: this.#clock.nowMs(), what: 'machine-started', machine });
  }

  machineEnded(name: string): void {
    this.#append({ at: this.#clock.nowMs(), what: 'machine-ended', name });
  }

  clusterStarted(cluster: NewCluster): void {
    this.#append({ at: this.#clock.nowMs(), what: 'cluster-started', cluster });
  }

  clusterEnded(name: string): void {
    this.#append({ at: this.#clock.nowMs(), what: 'cluster-ended', name });
  }

  /** Seconds that machines existed, up to now for those that still do. */
  machineSeconds(): number {
    const now = this.#clock.nowMs();
    let total = 0;
    for (const machine of this.machines.values()) total += ((machine.endedMs ?? now) - machine.startedMs) / 1000;
    return total;
  }

  /** Machines and clusters that exist now. */
  alive(): { machines: MachineEntry[]; clusters: ClusterEntry[] } {
    return {
      machines: [...this.machines.values()].filter((machine) => machine.endedMs === null),
      clusters: [...this.clusters.values()].filter((cluster) => cluster.endedMs === null),
    };
  }

  #append(line: Line): void {
    appendText(this.#file, `${JSON.stringify(line)}\n`);
    this.#apply(line);
  }

  #apply(line: Line): void {
    switch (line.what) {
      case 'call': {
        const key = `${line.service}.${line.method}`;
        this.calls.set(key, (this.calls.get(key) ?? 0) + 1);
        break;
      }
      case 'machine-started':
        this.machines.set(line.machine.name, { ...line.machine, startedMs: line.at, endedMs: null });
        break;
      case 'machine-ended':
        close(this.machines.get(line.name), line.at);
        break;
      case 'cluster-started':
        this.clusters.set(line.cluster.name, { ...line.cluster, startedMs: line.at, endedMs: null });
        break;
      case 'cluster-ended':
        close(this.clusters.get(line.name), line.at);
        break;
    }
  }
}

function close(entry: { endedMs: number | null } | undefined, at: number): void {
  if (entry && entry.endedMs === null) entry.endedMs = at;
}
