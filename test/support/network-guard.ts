// Preloaded into every test process (--import) and, through NODE_OPTIONS, into every Node.js process that a test
// starts. A connection or name look-up beyond loopback is refused and makes the run fail, even where a client library
// swallows the error. Programs other than Node.js (R, Redis, kubectl) are not watched.
import dgram from 'node:dgram';
import dns from 'node:dns';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const reportVariable = 'FF_TEST_NETWORK_REPORT';

/** One report for all processes of a run; the process that makes it reads it at its end. */
function openReport(): string {
  const inherited = process.env[reportVariable];
  if (inherited !== undefined) return inherited;
  const file = join(mkdtempSync(join(tmpdir(), 'ff-network-')), 'report');
  process.env[reportVariable] = file;
  process.env['NODE_OPTIONS'] = `${process.env['NODE_OPTIONS'] ?? ''} --import=${import.meta.url}`.trim();
  process.once('exit', () => {
    const text = readReport(file);
    rmSync(dirname(file), { recursive: true, force: true });
    if (text === '') return;
    process.stderr.write(`network guard: connections beyond loopback were tried:\n${text}`);
    process.exitCode = 1;
  });
  return file;
}

function readReport(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** Whether a host is this machine, by its address or the one name that never leaves it. */
function isLoopback(host: string): boolean {
  const plain = host.replace(/^\[|\]$/g, '').toLowerCase();
  return plain === 'localhost' || plain === '::1' || plain === '' || /^(::ffff:)?127(\.\d{1,3}){3}$/.test(plain);
}

const report = openReport();

function refuse(what: string): Error {
  const error = Object.assign(new Error(`network guard: ${what} is beyond loopback`), { code: 'ECONNREFUSED' });
  const stack = (error.stack ?? '').split('\n').slice(2, 8).join('\n');
  appendFileSync(report, `${what} by process ${process.pid} (${process.argv.slice(1, 3).join(' ')})\n${stack}\n`);
  process.exitCode = 1;
  return error;
}

/**
 * The host of any form of socket.connect(): (options), (port, host), (path), or the array that net.connect() prepares.
 */
function hostOf(args: readonly unknown[]): string {
  const [first, second] = Array.isArray(args[0]) ? (args[0] as unknown[]) : args;
  if (typeof first === 'object' && first !== null) {
    const { host, path } = first as { host?: unknown; path?: unknown };
    return typeof path === 'string' || typeof host !== 'string' ? '' : host;
  }
  return typeof second === 'string' && !Number.isNaN(Number(first)) ? second : '';
}

const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function guardedConnect(this: net.Socket, ...args: any[]): net.Socket {
  const host = hostOf(args);
  if (isLoopback(host)) return Reflect.apply(connect, this, args) as net.Socket;
  const error = refuse(`a connection to ${host}`);
  process.nextTick(() => this.destroy(error));
  return this;
};

const send = dgram.Socket.prototype.send;
dgram.Socket.prototype.send = function guardedSend(this: dgram.Socket, ...args: any[]): void {
  const address = args.findLast((arg) => typeof arg === 'string' && arg !== args[0]) as string | undefined;
  if (address !== undefined && !isLoopback(address)) throw refuse(`a datagram to ${address}`);
  Reflect.apply(send, this, args);
};

/** Every look-up by callback and by promise; only names of this machine pass, and only through lookup(). */
function guardLookUps(target: Record<string, any>, isPromise: boolean): void {
  for (const name of Object.keys(target).filter(
    (key) => /^(lookup|resolve|reverse)/.test(key) && typeof target[key] === 'function',
  )) {
    const original = target[name] as (...args: unknown[]) => unknown;
    target[name] = function guardedLookUp(this: unknown, ...args: unknown[]): unknown {
      const isAddress = typeof args[0] === 'string' && net.isIP(args[0]) !== 0;
      if (isLoopback(String(args[0])) || (name === 'lookup' && isAddress)) return Reflect.apply(original, this, args);
      const error = refuse(`a look-up of ${String(args[0])}`);
      if (isPromise) return Promise.reject(error);
      const callback = args.findLast((arg) => typeof arg === 'function') as (error: Error) => void;
      process.nextTick(callback, error);
      return undefined;
    };
  }
}

guardLookUps(dns, false);
guardLookUps(dns.promises, true);
syncBuiltinESMExports();
