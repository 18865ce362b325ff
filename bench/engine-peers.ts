/**
 * The engine against what R users run loops with on one machine, none of which
 * survives the loss of a worker or of the machine.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Benchmark } from './benchmark.ts';
import { EngineSession, peerLibrary, type Tasks } from './engine-session.ts';
import { summarize, takeTurns } from './measure.ts';
import { row } from './table.ts';

const peers = ['doParallel', 'doMC', 'doFuture', 'mirai', 'crew'];
const labels: Readonly<Record<string, string>> = {
  ...{ doParallel: 'doParallel (PSOCK)', doMC: 'doMC (fork)', doFuture: 'doFuture (multisession)' },
  ...{ mirai: 'mirai_map()', crew: 'crew map()' },
};

const cases: readonly { what: string; tasks: Tasks; repetitions: number }[] = [
  { what: '2,000 busy tasks of 10 ms', tasks: { count: 2000, seconds: 0.01, bytes: 0, kind: 'busy' }, repetitions: 2 },
  { what: '10,000 tasks of 10 ms', tasks: { count: 10_000, seconds: 0.01, bytes: 0, kind: 'sleep' }, repetitions: 2 },
  { what: '100 tasks of 1 s', tasks: { count: 100, seconds: 1, bytes: 0, kind: 'sleep' }, repetitions: 2 },
];

export const enginePeers: Benchmark = {
  name: 'engine-peers',
  title: 'the R engine against doParallel, doMC, doFuture, mirai and crew, two workers each',
  async run({ quick, say }) {
    const { present, notes } = installPeers(say);
    const sessions: EngineSession[] = [];
    try {
      for (const backend of ['fleet', ...present]) sessions.push(await EngineSession.start(backend));
      const rows = [];
      for (const { what, tasks, repetitions } of cases) {
        const sized = quick ? { ...tasks, count: tasks.count / 10 } : tasks;
        const run = (session: EngineSession) => async (): Promise<number> => {
          const seconds = await session.run(sized);
          say(`engine-peers: ${what}, ${session.backend}: ${seconds} s`);
          return seconds;
        };
        const seconds = await takeTurns(
          quick ? 1 : repetitions,
          Object.fromEntries(sessions.map((session) => [session.backend, run(session)])),
        );
        const ours = summarize(seconds['fleet']!);
        const title = quick ? `a tenth of ${what}` : what;
        for (const name of present) {
          const peer = { name: labels[name]!, summary: summarize(seconds[name]!) };
          rows.push(row(title, 's', ours, peer, 'ratio <= 1'));
        }
      }
      return { rows, notes: [...notes, 'a task sleeps; a busy one computes until its time is over, by the clock'] };
    } finally {
      for (const session of sessions) await session.stop();
    }
  },
};

/** What cannot be had is left out, and said. */
function installPeers(say: (text: string) => void): { present: string[]; notes: string[] } {
  mkdirSync(peerLibrary, { recursive: true });
  say(`engine-peers: looking for ${peers.join(', ')} (what is missing is compiled: minutes)`);
  const script = join(import.meta.dirname, 'engine', 'install-peers.R');
  const { R_LIBS = '', ...env } = process.env;
  const child = spawnSync('Rscript', ['--no-save', '--no-restore', script, peerLibrary, ...peers], {
    env: { ...env, R_LIBS: [R_LIBS, join(peerLibrary, '..', 'R')].filter(Boolean).join(':') },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const found = new Map(
    child.stdout.split('\n').map((line) => [line.split(' ')[0]!, line.split(' ').slice(1).join(' ')]),
  );
  const present = peers.filter((name) => /^\d/.test(found.get(name) ?? ''));
  const missing = peers.filter((name) => !present.includes(name));
  const notes = [`versions: ${present.map((name) => `${name} ${found.get(name)!.trim()}`).join(', ')}`];
  return { present, notes: [...notes, ...missing.map((name) => `${name} left out: ${found.get(name) ?? 'no R'}`)] };
}
