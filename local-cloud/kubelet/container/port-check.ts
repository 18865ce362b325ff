/**
 * Whether the ports that a container declares are free at its pod's address. On a real machine each pod has a network
 * of its own. Here a program of this computer that listens on every address has the port of every pod; what connects to
 * the pod would reach that program.
 */
import { createServer } from 'node:net';
import { findListener } from './find-listener.ts';
import type { Container } from '../types.ts';

/** A port that another program of this computer has. */
export class PortTaken extends Error {}

/** @throws PortTaken for the first one that is taken, with who has it. */
export async function requireFreePorts(podIp: string, container: Container): Promise<void> {
  for (const { containerPort, protocol } of container.ports ?? []) {
    if ((protocol ?? 'TCP') !== 'TCP' || (await isFree(podIp, containerPort))) continue;
    const holder = findListener(containerPort) ?? 'another program of this computer';
    throw new PortTaken(`port ${containerPort} of ${podIp} is taken by ${holder}: end it, and the container starts`);
  }
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else if (error.code === 'EACCES') resolve(true);
      else reject(error);
    });
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
