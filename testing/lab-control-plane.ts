// What a running driver feels of a pass, for tests of the R engine: the real back-up and the real answers to pods, over
// the lab's Redis and bucket.
import { formatJsonLines } from '../functions/job/json-lines.ts';
import { type LedgerLine, parseLedger } from '../functions/job/ledger.ts';
import { newRecord, type JobRecord } from '../functions/job/job-record.ts';
import { backUp } from '../functions/reconcile/back-up.ts';
import { signUrls } from '../functions/reconcile/sign-urls.ts';
import { redisTaskQueues } from '../functions/adapters/redis-task-queue.ts';
import type { Bucket } from '../functions/ports/bucket.ts';
import { allIn, fileBucket } from './file-bucket.ts';
import { password, type Lab } from './lab.ts';

const SEGMENT = /^lab\/attempt-1\/ledger\//;

export class LabControlPlane {
  readonly #lab: Lab;
  #record: JobRecord = newRecord('lab', new Date().toISOString());
  #names = new Set<string>();
  #running: Promise<void> | undefined;
  #ending = false;

  constructor(lab: Lab) {
    this.#lab = lab;
  }

  /** Passes one after another until `end()`. */
  begin(): this {
    this.#running = this.#passes();
    return this;
  }

  async end(): Promise<void> {
    this.#ending = true;
    await this.#running;
  }

  async #passes(): Promise<void> {
    while (!this.#ending) {
      await this.pass();
      await new Promise((done) => setTimeout(done, 200));
    }
  }

  async pass(): Promise<void> {
    const queue = await redisTaskQueues.open({ host: '127.0.0.1', port: this.#lab.redisPort, password });
    try {
      const { urlRequests } = await queue.view(Date.now(), null);
      const { ledger } = await backUp(this.#bucket(), queue, this.#record, Infinity, () => Date.now());
      this.#record = { ...this.#record, ledger };
      const buckets = allIn(this.#bucket());
      if (urlRequests.length > 0) await signUrls(buckets, queue, this.#record, urlRequests, Date.now());
    } finally {
      queue.close();
    }
  }

  /** Lines of the ledger so far. */
  ledger(): LedgerLine[] {
    const segments = [...this.#names].filter((name) => SEGMENT.test(name)).toSorted();
    return segments.flatMap((name) => parseLedger(this.#lab.server.read(`results/${name}`).toString()).lines);
  }

  /** As the next attempt's driver gets it; answers its address. */
  resumeLedger(): string {
    const lines = this.ledger().map((line) => ({ ...line, url: this.#lab.server.url(`results/${line.object}`) }));
    this.#lab.server.put('ledger.jsonl', formatJsonLines(lines));
    return this.#lab.server.url('ledger.jsonl');
  }

  /** Its ledger is what this plane has written, not what a former one left. */
  #bucket(): Bucket {
    const bucket = fileBucket(this.#lab.server, 'results/');
    const write: Bucket['write'] = (name, bytes, options) => {
      this.#names.add(name);
      return bucket.write(name, bytes, options);
    };
    return { ...bucket, write };
  }
}
