/**
 * The process that the deployed functions run in. It loads the module that registers them and serves each on a port of
 * its own through functions-framework's own server (same middleware, same answers as in the cloud). Its first output
 * is one JSON line with the ports; all later output is the functions' own log. In the cloud every function has
 * processes of its own; here all share one.
 */
import type { Server } from 'node:http';
import { flushCompileCache } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { functionPorts, type ReadyLine } from './functions-ready.ts';
import { listen } from './listen.ts';
import { parseJson } from './read-json.ts';

const { values } = parseArgs({
  options: {
    source: { type: 'string' },
    functions: { type: 'string' },
    /** JSON: the port wanted for a function, 0 or absent for any. */
    ports: { type: 'string', default: '{}' },
  },
});

process.on('SIGTERM', () => process.exit(0));
process.on('SIGINT', () => process.exit(0));
// The channel closes when the local cloud ends, however it ends: no function outlives it.
process.on('disconnect', () => process.exit(0));

const { getTestServer } = await import('@google-cloud/functions-framework/testing');
await import(pathToFileURL(resolve(values.source ?? 'functions/index.ts')).href);

const wanted = parseJson(values.ports, functionPorts);
const line: ReadyLine = { ready: true, ports: {}, missing: [] };
for (const name of (values.functions ?? '').split(',').filter((part) => part !== '')) {
  const server = createServer(name);
  if (server) line.ports[name] = await listenSomewhere(server, wanted[name] ?? 0);
  else line.missing.push(name);
}
process.stdout.write(`${JSON.stringify(line)}\n`);
// Written now because this process may be killed: the next start is then quick all the same.
flushCompileCache();

function createServer(name: string): Server | undefined {
  try {
    return getTestServer(name);
  } catch {
    return undefined;
  }
}

/** A port taken by somebody else is no reason to fail: callers learn the real one from the line above. */
async function listenSomewhere(server: Server, port: number): Promise<number> {
  try {
    return await listen(server, port);
  } catch (error) {
    if (port === 0) throw error;
    return listen(server, 0);
  }
}
