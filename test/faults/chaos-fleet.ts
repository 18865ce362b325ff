/**
 * The fleet of a chaos run: real Redis, driver and workers under their supervisors, and beside them the two
 * that a cluster has. These are: whoever replaces pods that ended, and the control plane that moves results to the
 * bucket and answers a driver which lost its disk.
 */
import { mkdirSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { redisTaskQueues } from '../../functions/adapters/redis-task-queue.ts';
import { newRecord, type JobRecord } from '../../functions/job/job-record.ts';
import type { Buckets } from '../../functions/ports/bucket.ts';
import { PortError } from '../../functions/ports/port-error.ts';
import type { LedgerLine } from '../../functions/job/ledger.ts';
import { backUp } from '../../functions/reconcile/back-up.ts';
import { signUrls } from '../../functions/reconcile/sign-urls.ts';
import { makeResumeLedger } from '../../functions/reconcile/resume-ledger.ts';
import { readLedger } from '../../functions/reconcile/read-ledger.ts';
import { Lab, password, type LabJob, type Running } from '../../testing/lab.ts';
import { allIn, fileBucket } from '../../testing/file-bucket.ts';
import { hasEnded, killPod } from '../../testing/pod-processes.ts';

/** From outside, a killed R and one that its task killed look the same; here no task is to blame. */
const TRIES = 1000;
const PASS_MS = 500;
const REPLACE_MS = 300;
const DRIVER_STARTS_ANEW = 4;
const STOPPED_BY_SIGNAL = 128;

export class ChaosFleet {
  readonly lab: Lab;
  readonly workers: { pod: string; running: Running }[] = [];
  /** What each process printed, by pod, for the evidence. */
  readonly printed: { pod: string; running: Running }[] = [];
  driver: { pod: string; running: Running } | undefined;
  /** The driver's exit code once it has ended by itself. */
  ended: number | undefined;
  attempt = 1;
  readonly #job: LabJob;
  readonly #buckets: Buckets;
  #record: JobRecord;
  #inputs = '';
  #pods = 0;
  #closed = false;
  #replacing = false;
  #loops: Promise<void>[] = [];
  /** Length of Redis' append-only file as it was, newest last. */
  #written: { file: string; bytes: number; at: number }[] = [];

  private constructor(lab: Lab, job: LabJob) {
    this.lab = lab;
    this.#job = { ...job, tasks: { ...job.tasks, tries: TRIES } };
    this.#buckets = allIn(fileBucket(lab.server));
    this.#record = newRecord('chaos', new Date().toISOString());
  }

  static async start(job: LabJob, workers: number): Promise<ChaosFleet> {
    const fleet = new ChaosFleet(await Lab.start(), job);
    fleet.#inputs = fleet.lab.prepare(fleet.#job);
    for (let slot = 0; slot < workers; slot += 1) fleet.#startWorker(slot);
    fleet.startDriver('driver');
    fleet.#loops = [fleet.#replacePods(workers), fleet.#controlPlane(), fleet.#watchRedis()];
    return fleet;
  }

  /** Ends everything; what ran stays readable until `remove`. */
  async stop(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#loops);
    await Promise.all(this.printed.map(({ running }) => killPod(running)));
  }

  /** Moves what is left to the bucket; answers the ledger of all attempts. */
  async ledger(): Promise<LedgerLine[]> {
    await this.#pass();
    return readLedger(this.#buckets, 'chaos');
  }

  startDriver(pod: string): void {
    const running = this.lab.driver(this.#inputs, {
      ...this.lab.environment(pod),
      FF_ATTEMPT: String(this.attempt),
    });
    this.driver = { pod, running };
    this.printed.push(this.driver);
  }

  /** Redis is away for a while; with `lose` without what it wrote in its last second. */
  async restartRedis(downSeconds: number, lose: boolean): Promise<void> {
    await this.lab.killRedis();
    const killedAt = Date.now();
    if (lose) this.#truncate(killedAt - 1000);
    await delay(downSeconds * 1000);
    await this.lab.startRedis();
  }

  /** The whole cluster is lost, with all that was not yet in the bucket; a new one resumes the job. */
  async newAttempt(): Promise<void> {
    this.#replacing = true;
    const running = [...this.workers, this.driver!].map((pod) => pod.running);
    await this.lab.killRedis();
    await Promise.all(running.map((one) => killPod(one)));
    rmSync(join(this.lab.dir, 'redis'), { recursive: true });
    this.#written = []; // the new server's file has the old one's name
    this.attempt += 1;
    this.#record = { ...newRecord('chaos', new Date().toISOString()), attempt: this.attempt };
    const ledger = (await makeResumeLedger(this.#buckets, this.#record))?.url ?? null;
    this.#inputs = this.lab.prepare({ ...this.#job, attempt: this.attempt, ledger });
    mkdirSync(join(this.lab.dir, 'redis'));
    await this.lab.startRedis();
    for (const slot of this.workers.keys()) this.#startWorker(slot);
    this.startDriver(`driver-${this.attempt}`);
    this.#replacing = false;
  }

  #startWorker(slot: number): void {
    this.#pods += 1;
    const pod = `w${this.#pods}`;
    const running = this.lab.worker(pod, this.#inputs, { FF_ATTEMPT: String(this.attempt) });
    this.workers[slot] = { pod, running };
    this.printed.push(this.workers[slot]);
  }

  async #replacePods(workers: number): Promise<void> {
    while (!this.#closed) {
      await delay(REPLACE_MS);
      if (this.#replacing) continue;
      for (let slot = 0; slot < workers; slot += 1) if (hasEnded(this.workers[slot]!.running)) this.#startWorker(slot);
      const { pod, running } = this.driver!;
      const code = running.process.exitCode;
      if (code === DRIVER_STARTS_ANEW) this.startDriver(pod);
      else if (code !== null && code < STOPPED_BY_SIGNAL) this.ended = code;
    }
  }

  async #controlPlane(): Promise<void> {
    while (!this.#closed) {
      await delay(PASS_MS);
      // without Redis a pass does nothing: the next one does it
      if (!this.#replacing)
        await this.#pass().catch((error: unknown) => {
          if (!(error instanceof PortError)) throw error;
        });
    }
  }

  async #pass(): Promise<void> {
    const queue = await redisTaskQueues.open({ host: '127.0.0.1', port: this.lab.redisPort, password });
    try {
      const record = this.#record;
      const { progress, urlRequests } = await queue.view(Date.now(), record.progress);
      this.#record = { ...record, progress };
      const { ledger } = await backUp(this.#buckets.results, queue, this.#record, Infinity, () => Date.now());
      this.#record = { ...this.#record, ledger };
      if (urlRequests.length > 0) await signUrls(this.#buckets, queue, this.#record, urlRequests, Date.now());
    } finally {
      queue.close();
    }
  }

  async #watchRedis(): Promise<void> {
    while (!this.#closed) {
      await delay(100);
      try {
        const file = this.#appendFile();
        this.#written.push({ file, bytes: statSync(file).size, at: Date.now() });
      } catch {
        // between two servers
      }
      this.#written = this.#written.slice(-100);
    }
  }

  #appendFile(): string {
    const folder = join(this.lab.dir, 'redis', 'appendonlydir');
    const file = readdirSync(folder).find((name) => name.endsWith('.incr.aof'));
    return join(folder, file!);
  }

  #truncate(to: number): void {
    const file = this.#appendFile();
    const then = this.#written.findLast((state) => state.file === file && state.at <= to);
    if (then) truncateSync(file, then.bytes);
  }
}
