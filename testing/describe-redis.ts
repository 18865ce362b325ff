/** What a Redis holds, in lines for people: small hashes in full, of all else how much. */
import type { Redis } from 'ioredis';

const mostKeys = 60;
const mostCharacters = 400;
const patienceMs = 1000;

export async function describeRedis(client: Redis): Promise<string> {
  const patience = new Promise<string>((done) => setTimeout(done, patienceMs, 'Redis does not answer').unref());
  return Promise.race([describe(client).catch(String), patience]);
}

async function describe(client: Redis): Promise<string> {
  const [, found] = await client.scan('0', 'COUNT', '1000');
  const lines = found
    .toSorted()
    .slice(0, mostKeys)
    .map(async (key) => `${key}: ${(await describeKey(client, key)).slice(0, mostCharacters)}`);
  return (await Promise.all(lines)).join('\n');
}

async function describeKey(client: Redis, key: string): Promise<string> {
  const type = await client.type(key);
  if (type === 'hash' && (await client.hlen(key)) <= 30) return JSON.stringify(await client.hgetall(key));
  if (type === 'hash') return `${await client.hlen(key)} fields`;
  if (type === 'list') return `${await client.llen(key)} elements`;
  if (type === 'stream') return `${await client.xlen(key)} entries`;
  return `${await client.strlen(key)} bytes`;
}
