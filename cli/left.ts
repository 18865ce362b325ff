/**
 * The proof that nothing is left, from the local cloud's own books and not from what the control plane says of itself.
 */
import { admin, localVariable, type Session } from './session.ts';

export interface Left {
  clusters: string[];
  machines: string[];
  disks: string[];
  processes: number[];
  machineSeconds: number;
}

export async function whatIsLeft(session: Session): Promise<Left> {
  const [books, processes] = await Promise.all([admin(session, '/books'), admin(session, '/processes')]);
  const compute = localVariable(session, 'FF_COMPUTE_ENDPOINT');
  const project = localVariable(session, 'GOOGLE_CLOUD_PROJECT');
  const answer = await fetch(`${compute}/compute/v1/projects/${project}/aggregated/disks`, {
    headers: { authorization: 'Bearer local' },
    signal: AbortSignal.timeout(10_000),
  });
  const disks = (await answer.json()) as { items?: Record<string, { disks?: { name: string }[] }> };
  return {
    clusters: books.alive.clusters.map((cluster: { name: string }) => cluster.name),
    machines: books.alive.machines.map((machine: { name: string }) => machine.name),
    disks: Object.values(disks.items ?? {}).flatMap((scope) => (scope.disks ?? []).map((disk) => disk.name)),
    processes: processes.processes.map((entry: { pid: number } | number) =>
      typeof entry === 'number' ? entry : entry.pid,
    ),
    machineSeconds: books.machineSeconds,
  };
}

export function isNothing(left: Left): boolean {
  return left.clusters.length + left.machines.length + left.disks.length + left.processes.length === 0;
}
