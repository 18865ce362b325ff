/** A real redis-server on the loopback interface: the only starter of its kind for tests and benchmarks. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from './free-ports.ts';
import { waitFor } from './wait-for.ts';

export interface RedisOptions {
  /** '' for a server that asks for none, as a script with bare doRedis expects it. */
  password?: string;
  /** With the append-only file of the product's manifest. */
  durable?: boolean;
  /** Where the server finds what a predecessor wrote; without it a folder of its own, which `stop` removes. */
  folder?: string;
  port?: number;
  /** As in redis.conf; '0' is no limit. */
  maxMemory?: string;
  /** The same refusals as in a cluster: no scripts, no configuration, no flushing. The user `admin` may all. */
  asInCluster?: boolean;
}

export interface RunningRedis {
  port: number;
  password: string;
  /** A connection for filling and looking; `stop` closes it. */
  client: Redis;
  /** As a machine that is lost; whatever was connected stays so until it notices. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

export async function startRedis(options: RedisOptions = {}): Promise<RunningRedis> {
  const { password = 'bench' } = options;
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'ff-redis-'));
  const port = options.port ?? (await freePort());
  const server = spawn('redis-server', argumentsOf(options, password, folder, port), {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let said = '';
  let isReady = false;
  server.stdout.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-1000);
    isReady ||= said.includes('Ready to accept connections');
  });
  const ended = once(server, 'exit');
  const endWithUs = (): void => void server.kill('SIGKILL');
  process.once('exit', endWithUs);
  const kill = async (): Promise<void> => {
    process.off('exit', endWithUs);
    server.kill('SIGKILL');
    await ended;
  };
  const patient = { maxRetriesPerRequest: null, retryStrategy: () => 100 };
  const client = new Redis({ host: '127.0.0.1', port, ...(password === '' ? {} : { password }), ...patient });
  client.on('error', () => undefined);
  await waitFor('redis answers', async () => {
    if (server.exitCode !== null) throw new Error(`redis-server has ended: ${said}`);
    // An answer alone could be that of another server, which has the port.
    if (!isReady) return false;
    const patience = new Promise<string>((done) => setTimeout(done, 1000, 'no answer'));
    return (await Promise.race([client.ping().catch(() => ''), patience])) === 'PONG';
  });
  const stop = async (): Promise<void> => {
    client.disconnect();
    await kill();
    if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
  };
  return { port, password, client, kill, stop };
}

function argumentsOf(options: RedisOptions, password: string, folder: string, port: number): string[] {
  const everyKey = ['on', `>${password}`, '~*', '&*', '+@all'];
  const refusals = ['-@dangerous', '-@scripting', '+keys', '+info', '+client|no-evict'];
  const users = ['--user', 'default', ...everyKey, ...refusals, '--user', 'admin', ...everyKey];
  return [
    ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''],
    ...['--appendonly', options.durable ? 'yes' : 'no', '--maxmemory', options.maxMemory ?? '0'],
    ...(options.asInCluster ? users : password === '' ? [] : ['--requirepass', password]),
  ];
}
