/**
 * The proof that nothing is left, from the local cloud's own books and not from what the control plane says of itself.
 */
import * as z from 'zod';
import { admin, localVariable, type Session } from './session.ts';

export interface Left {
  clusters: string[];
  machines: string[];
  disks: string[];
  processes: number[];
  machineSeconds: number;
}

const named = z.array(z.object({ name: z.string() }));
const booksSchema = z.object({ alive: z.object({ clusters: named, machines: named }), machineSeconds: z.number() });
const processesSchema = z.object({ processes: z.array(z.object({ pid: z.number() })) });
const disksSchema = z.object({
  items: z.record(z.string(), z.object({ disks: named.optional() })).optional(),
});

export async function whatIsLeft(session: Session): Promise<Left> {
  const [books, { processes }] = await Promise.all([
    admin(session, booksSchema, '/books'),
    admin(session, processesSchema, '/processes'),
  ]);
  const compute = localVariable(session, 'FF_COMPUTE_ENDPOINT');
  const project = localVariable(session, 'GOOGLE_CLOUD_PROJECT');
  const answer = await fetch(`${compute}/compute/v1/projects/${project}/aggregated/disks`, {
    headers: { authorization: 'Bearer local' },
    signal: AbortSignal.timeout(10_000),
  });
  const disks = disksSchema.parse(await answer.json());
  return {
    clusters: books.alive.clusters.map((cluster) => cluster.name),
    machines: books.alive.machines.map((machine) => machine.name),
    disks: Object.values(disks.items ?? {}).flatMap((scope) => (scope.disks ?? []).map((disk) => disk.name)),
    processes: processes.map((entry) => entry.pid),
    machineSeconds: books.machineSeconds,
  };
}

export function isNothing(left: Left): boolean {
  return left.clusters.length + left.machines.length + left.disks.length + left.processes.length === 0;
}
