/** A real redis-server on a free port of the loopback interface, without disk unless asked for. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';

export interface RunningRedis {
  port: number;
  password: string;
  /** A connection for filling and looking; `stop` closes it. */
  client: Redis;
  stop(): Promise<void>;
}

const PATIENCE_MS = 30_000;

/** `password` '' for a server that asks for none, as a script with bare doRedis expects it; `durable`: with the append-only file of the product's manifest. */
export async function startRedis(password = 'bench', durable = false): Promise<RunningRedis> {
  const folder = mkdtempSync(join(tmpdir(), 'ff-bench-redis-'));
  const port = await freePort();
  const args = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    durable ? 'yes' : 'no',
    '--dir',
    folder,
  ];
  const server = spawn('redis-server', [...args, ...(password === '' ? [] : ['--requirepass', password])], {
    stdio: 'ignore',
  });
  const endWithUs = (): void => void server.kill('SIGKILL');
  process.once('exit', endWithUs);
  const client = new Redis({ host: '127.0.0.1', port, password, lazyConnect: true, retryStrategy: () => null });
  client.on('error', () => undefined);
  await connect(client, server);
  const stop = async (): Promise<void> => {
    client.disconnect();
    process.off('exit', endWithUs);
    if (server.exitCode === null) {
      const ended = once(server, 'exit');
      server.kill('SIGTERM');
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  return { port, password, client, stop };
}

async function connect(client: Redis, server: ChildProcess): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await client.connect();
    } catch (error) {
      if (server.exitCode !== null || Date.now() > deadline) throw error;
      await delay(50);
    }
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
