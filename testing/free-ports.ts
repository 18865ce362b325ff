/**
 * Ports for programs that cannot be told to choose one themselves, or that come back on the port that they had.
 *
 * They lie below those that the kernel gives to outgoing connections. While a server is away, its clients try again and
 * again. One of them could otherwise be given the server's own port, be connected to itself, and keep the server from
 * coming back.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';

const lowest = 11_000;
const portsEach = 100;
const processes = 200;

/** Test files run at the same time: each process has ports of its own. */
const first = lowest + (process.pid % processes) * portsEach;
let given = 0;

/** That many different ports of the loopback interface that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let tried = 0; ports.length < count; tried++) {
    if (tried > portsEach) throw new Error(`no free port from ${first} on`);
    const port = first + (given++ % portsEach);
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
  } catch {
    return false;
  }
  await once(server.close(), 'close');
  return true;
}

export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port!;
}
