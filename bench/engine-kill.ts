/** From kill -9 of a worker until the iteration that it was at begins elsewhere, here and with bare doRedis. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Lab, rLibrary, type Running } from '../testing/lab.ts';
import { waitFor } from '../testing/wait-for.ts';
import type { Benchmark } from './benchmark.ts';
import { killPod, rProcess, signal } from '../testing/pod-processes.ts';
import { summarize } from './measure.ts';
import { startRedis } from '../testing/redis-server.ts';
import { row } from './table.ts';

/**
 * So many that each has lived for half a minute when its turn comes: a supervisor waits longer before
 * it starts an R that dies again and again.
 */
const WORKERS = 12;
const KILL_EVERY_MS = 3000;
const ITERATION_SECONDS = 0.5;
const PATIENCE_SECONDS = 120;
/**
 * Of bare doRedis: it looks for lost tasks only while nothing else arrives, so a
 * loop has these three tasks and no more.
 */
const BARE_TASKS = 3;
const BARE_SECONDS = 2;

type Kill = { iteration: string; pid: number; at: number };
type Mark = { iteration: string; pid: number; at: number };

export const engineKill: Benchmark = {
  name: 'engine-kill',
  title: 'from kill -9 of a worker until its iteration runs elsewhere',
  async run({ quick, say }) {
    const times = quick ? 3 : 50;
    const told = async (what: string, work: Promise<number[]>): Promise<number[]> => {
      const seconds = await work;
      say(`engine-kill: ${what}: ${seconds.map((value) => value.toFixed(2)).join(' ')}`);
      return seconds;
    };
    // All at the same time: everybody sleeps.
    const [process, pod, fastest, usual] = await Promise.all([
      told('R', ours('r', times)),
      told('pod', ours('pod', times)),
      told('bare doRedis, ftinterval 3', bare(3, quick ? 1 : 10)),
      told('bare doRedis, ftinterval 30', bare(30, quick ? 1 : 5)),
    ]);
    const peers = [
      { name: 'bare doRedis, ftinterval 3 (its least)', summary: summarize(fastest) },
      { name: 'bare doRedis, ftinterval 30 (its default)', summary: summarize(usual) },
    ];
    return {
      rows: peers.flatMap((peer) => [
        row('the R process of a worker', 's', summarize(process), peer, 'worst <= 2'),
        row('supervisor and R, as with the machine', 's', summarize(pod), peer, 'worst <= 15'),
      ]),
      notes: [
        `ours: a loop of ${ITERATION_SECONDS} s iterations on ${WORKERS} workers, one killed every ` +
          `${KILL_EVERY_MS / 1000} s, in the middle of an iteration`,
        `bare doRedis: a loop of ${BARE_TASKS} tasks of ${BARE_SECONDS} s, one of three workers killed; ` +
          'while other results arrive it does not look at all',
      ],
    };
  },
};

const markFunction = (path: string): string =>
  `mark <- function(what, i) {
     line <- sprintf("%s %s %d %.3f\\n", what, i, Sys.getpid(), as.numeric(Sys.time()))
     cat(line, file = "${path}", append = TRUE)
   }\n`;

function readMarks(path: string, what: 'start' | 'end'): Mark[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.flatMap((line) => {
    const [mark, iteration = '', pid, at] = line.split(' ');
    return mark === what ? [{ iteration, pid: Number(pid), at: Number(at) }] : [];
  });
}

/** What a process is at. */
function underWay(path: string, pid: number): string | undefined {
  const last = readMarks(path, 'start').findLast((mark) => mark.pid === pid)?.iteration;
  const ended = readMarks(path, 'end').some((mark) => mark.pid === pid && mark.iteration === last);
  return ended ? undefined : last;
}

/** It had ended in the moment in which it was to be killed: nothing of it need run again. */
function cameTooLate(path: string, { iteration, pid }: Kill): boolean {
  return readMarks(path, 'end').some((mark) => mark.iteration === iteration && mark.pid === pid);
}

/** When the iteration began again elsewhere, in seconds after the kill. */
async function latency(path: string, kill: Kill): Promise<number> {
  const again = (): Mark | undefined =>
    readMarks(path, 'start').find(
      ({ iteration, pid, at }) => iteration === kill.iteration && pid !== kill.pid && at > kill.at,
    );
  await waitFor(`iteration ${kill.iteration} runs elsewhere`, () => again() !== undefined, PATIENCE_SECONDS);
  return again()!.at - kill.at;
}

async function ours(kind: 'r' | 'pod', times: number): Promise<number[]> {
  const lab = await Lab.start();
  try {
    const marks = join(lab.dir, 'marks');
    const pods: Running[] = Array.from({ length: WORKERS }, (_, slot) => lab.worker(`w${slot}`));
    await lab.workersReady(WORKERS);
    const iterations = Math.ceil(((2 * times + 20) * KILL_EVERY_MS * WORKERS) / (1000 * ITERATION_SECONDS));
    lab.session(
      `${markFunction(marks)}r <- foreach(i = 1:${iterations}) %dopar% { ` +
        `mark("start", i); Sys.sleep(${ITERATION_SECONDS}); mark("end", i) }`,
    );
    await waitFor('all are at work', () => new Set(readMarks(marks, 'start').map((mark) => mark.pid)).size >= WORKERS);
    const latencies: Promise<number>[] = [];
    for (let turn = 0; latencies.length < times; turn += 1) {
      await delay(KILL_EVERY_MS);
      const slot = turn % WORKERS;
      let pid: number | undefined;
      let iteration: string | undefined;
      await waitFor(`worker ${slot} is at an iteration`, () => {
        pid = rProcess(pods[slot]!);
        iteration = pid === undefined ? undefined : underWay(marks, pid);
        return iteration !== undefined;
      });
      const kill: Kill = { iteration: iteration!, pid: pid!, at: Date.now() / 1000 };
      if (kind === 'r') {
        signal(pid, 'SIGKILL');
        await waitFor('it is dead', () => rProcess(pods[slot]!) !== pid);
      } else {
        await killPod(pods[slot]!);
        pods[slot] = lab.worker(`w${WORKERS + turn}`);
      }
      if (cameTooLate(marks, kill)) continue;
      latencies.push(latency(marks, kill));
      latencies.at(-1)!.catch(() => undefined);
    }
    return await Promise.all(latencies);
  } finally {
    await lab.stop();
  }
}

async function bare(interval: number, times: number): Promise<number[]> {
  const lab = await Lab.start();
  const redis = await startRedis({ password: '' });
  try {
    const marks = join(lab.dir, 'marks');
    const run = (code: string): Running =>
      lab.run('Rscript', ['--vanilla', '-e', code], { R_LIBS: rLibrary, TMPDIR: lab.dir });
    const startWorker = (): Running => run(`library(doRedis); redisWorker("bare", port = ${redis.port}, linger = 1)`);
    const workers = Array.from({ length: BARE_TASKS }, startWorker);
    run(`library(doRedis); registerDoRedis("bare", port = ${redis.port}, ftinterval = ${interval})
      ${markFunction(marks)}for (round in 1:${times}) {
        foreach(i = 1:${BARE_TASKS}, .export = c("mark", "round")) %dopar% {
          key <- paste0(round, ":", i); mark("start", key); Sys.sleep(${BARE_SECONDS}); mark("end", key)
        }
      }`);
    const seconds: number[] = [];
    for (let round = 1; round <= times; round += 1) {
      const inRound = (): Mark[] => readMarks(marks, 'start').filter((mark) => mark.iteration.startsWith(`${round}:`));
      await waitFor(`round ${round} is under way`, () => inRound().length >= BARE_TASKS, PATIENCE_SECONDS);
      const slot = round % BARE_TASKS;
      const pid = workers[slot]!.process.pid!;
      const iteration = underWay(marks, pid);
      if (iteration === undefined) throw new Error('the worker that was to be killed had nothing to do');
      const kill = { iteration, pid, at: Date.now() / 1000 };
      await killPod(workers[slot]!);
      workers[slot] = startWorker();
      seconds.push(await latency(marks, kill));
    }
    return seconds;
  } finally {
    await lab.stop();
    await redis.stop();
  }
}
