/** A connection to a job's Redis that broke: the next call opens another one. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { it } from 'node:test';
import { redisTaskQueues } from '../../functions/adapters/redis-task-queue.ts';
import { startRedis } from '../../testing/redis-server.ts';

it('a queue is read again after its connection broke', async (t) => {
  const server = await startRedis({ asInCluster: true });
  t.after(() => server.stop());
  const sockets: Socket[] = [];
  const between = createServer((client) => {
    const onward = connect(server.port, '127.0.0.1');
    sockets.push(client, onward);
    for (const socket of [client, onward]) socket.on('error', () => undefined);
    client.pipe(onward).pipe(client);
  });
  t.after(() => between.close());
  await once(between.listen(0, '127.0.0.1'), 'listening');
  const { port } = between.address() as AddressInfo;
  const queue = await redisTaskQueues.open({ host: '127.0.0.1', port, password: server.password });
  t.after(() => queue.close());
  await queue.renewLease();
  for (const socket of sockets.splice(0)) socket.destroy();
  // The one that finds it broken.
  await assert.rejects(queue.renewLease(), { code: 'FF-QUEUE-UNREACHABLE' });
  await queue.renewLease();
});
