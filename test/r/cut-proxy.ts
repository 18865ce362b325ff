// A TCP proxy in front of Redis that can hold or cut a worker's connection at the one moment that a test is about, or
// vanish as a machine does. Nothing passes any more, and nobody is told. It looks for command names in what passes; it
// does not parse the protocol.
import { connect, createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

export type CutProxy = {
  readonly port: number;
  /** The next answer to BLMOVE or LMOVE that carries a task is not passed on. */
  holdNextTask(): void;
  holding(): boolean;
  /** Everything that was held goes on its way. */
  release(): void;
  /** Ends every connection; what was held is lost. */
  cut(): void;
  /** Cuts after Redis has executed the next transaction that stores a result, before its answer passes. */
  cutAtNextStored(): void;
  cuts(): number;
  /** From now on no byte passes, through connections that there are and through new ones; none is closed. */
  vanish(): void;
  /** How many connections were opened since then, in vain. */
  inVain(): number;
  /** New connections pass; the others stay as they are. */
  appear(): void;
  stop(): Promise<void>;
};

const LARGEST_NIL_BYTES = 64;

export async function startCutProxy(redisPort: number): Promise<CutProxy> {
  const pairs = new Map<Socket, Socket>();
  let armed: 'none' | 'task' | 'stored' = 'none';
  let held: (() => void)[] | undefined;
  let cuts = 0;
  let vanished = false;
  let inVain = 0;
  const dead = new Set<Socket>();

  const cut = (): void => {
    cuts++;
    held = undefined;
    for (const [client, redis] of pairs) {
      client.destroy();
      redis.destroy();
    }
    pairs.clear();
  };

  const server = createServer((client) => {
    const redis = connect(redisPort, '127.0.0.1');
    pairs.set(client, redis);
    if (vanished) {
      dead.add(client);
      inVain++;
    }
    let last = '';
    client.on('data', (data) => {
      if (dead.has(client)) return;
      last = data.toString('latin1');
      redis.write(data);
    });
    redis.on('data', (data) => {
      if (dead.has(client)) return;
      const carriesTask = /LMOVE/.test(last) && data.length > LARGEST_NIL_BYTES;
      if (armed === 'task' && carriesTask) {
        armed = 'none';
        held = [];
      }
      if (held && carriesTask) held.push(() => client.write(data));
      else if (armed === 'stored' && /SETBIT[^]*EXEC/.test(last)) {
        armed = 'none';
        cut();
      } else client.write(data);
    });
    for (const [one, other] of [
      [client, redis],
      [redis, client],
    ] as const) {
      one.on('error', () => undefined);
      one.on('close', () => {
        pairs.delete(client);
        other.destroy();
      });
    }
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    port: (server.address() as AddressInfo).port,
    holdNextTask: () => (armed = 'task'),
    holding: () => held !== undefined && held.length > 0,
    release: () => {
      for (const pass of held ?? []) pass();
      held = undefined;
    },
    cut,
    cutAtNextStored: () => (armed = 'stored'),
    cuts: () => cuts,
    vanish: () => {
      vanished = true;
      for (const client of pairs.keys()) dead.add(client);
    },
    inVain: () => inVain,
    appear: () => (vanished = false),
    stop: async () => {
      cut();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}
