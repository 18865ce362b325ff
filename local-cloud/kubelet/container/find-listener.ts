/** Which process of this computer listens on a TCP port, as /proc shows it (proc(5): net/tcp, fd). */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The state of a listening socket in /proc/net/tcp. */
const LISTEN = '0A';
const SHOWN_CHARACTERS = 80;

/** Its command and number, such as `redis-server *:6379 (process 812)`; undefined when that cannot be seen. */
export function findListener(port: number): string | undefined {
  const sockets = new Set(listeningInodes(port).map((inode) => `socket:[${inode}]`));
  const pid = sockets.size === 0 ? undefined : numbersIn('/proc').find((each) => hasOneOf(each, sockets));
  return pid === undefined ? undefined : `${commandOf(pid)} (process ${pid})`;
}

function listeningInodes(port: number): string[] {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return ['/proc/net/tcp', '/proc/net/tcp6']
    .flatMap((path) => textOf(path).split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => state === LISTEN && local?.endsWith(wanted) === true)
    .flatMap((fields) => fields[9] ?? []);
}

function hasOneOf(pid: number, sockets: ReadonlySet<string>): boolean {
  return numbersIn(`/proc/${pid}/fd`).some((fd) => {
    try {
      return sockets.has(readlinkSync(`/proc/${pid}/fd/${fd}`));
    } catch {
      return false; // It was closed meanwhile.
    }
  });
}

function commandOf(pid: number): string {
  const words = textOf(`/proc/${pid}/cmdline`).split('\0').join(' ');
  // What another program calls itself must not end up in a terminal as it is.
  return words
    .replaceAll(/\p{Cc}/gu, ' ')
    .trim()
    .slice(0, SHOWN_CHARACTERS);
}

/** Of another user's process, and where there is no /proc, nothing can be seen. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function numbersIn(path: string): number[] {
  try {
    return readdirSync(path).map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}
