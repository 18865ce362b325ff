/**
 * The engine as a job has it: driver and workers under their supervisors and a control plane beside them. Asked for
 * one loop after another, as `EngineSession`.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, readFileSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { LabControlPlane } from '../testing/lab-control-plane.ts';
import { Lab, type Running } from '../testing/lab.ts';
import { waitFor } from '../testing/wait-for.ts';
import type { Tasks } from './engine-session.ts';
import { hasEnded } from '../testing/pod-processes.ts';

const PATIENCE_SECONDS = 600;

export class EngineJob {
  readonly #lab: Lab;
  readonly #plane: LabControlPlane;
  readonly #driver: Running;
  readonly #asked: WriteStream;
  #answers = 0;

  private constructor(lab: Lab, plane: LabControlPlane, driver: Running, asked: WriteStream) {
    this.#lab = lab;
    this.#plane = plane;
    this.#driver = driver;
    this.#asked = asked;
  }

  static async start(): Promise<EngineJob> {
    const lab = await Lab.start();
    const plane = new LabControlPlane(lab).begin();
    const pipe = join(lab.dir, 'asked');
    execFileSync('mkfifo', [pipe]);
    const script = readFileSync(join(import.meta.dirname, 'engine', 'session.R'), 'utf8');
    const inputs = lab.prepare({ script, arguments: ['job', pipe], seed: 1 });
    for (const pod of ['w1', 'w2']) lab.worker(pod, inputs);
    const driver = lab.driver(inputs);
    const asked = createWriteStream(pipe);
    const job = new EngineJob(lab, plane, driver, asked);
    try {
      await Promise.race([once(asked, 'open'), driver.exited.then(() => job.#fail())]);
      return job;
    } catch (error) {
      await job.stop();
      throw error;
    }
  }

  /** Seconds that the loop takes. */
  async run({ count, seconds, bytes, kind }: Tasks): Promise<number> {
    const before = this.#answers;
    this.#asked.write(`${count} ${seconds} ${bytes} ${kind}\n`);
    await waitFor(
      'the loop has ended',
      () => hasEnded(this.#driver) || this.#times().length > before,
      PATIENCE_SECONDS,
    );
    const times = this.#times();
    if (times.length === before) this.#fail();
    this.#answers = times.length;
    return times.at(-1)!;
  }

  async stop(): Promise<void> {
    this.#asked.destroy();
    await this.#plane.end();
    await this.#lab.stop();
  }

  #times(): number[] {
    return this.#driver.lines.flatMap((line) => /^seconds ([\d.]+)/.exec(line)?.[1] ?? []).map(Number);
  }

  #fail(): never {
    throw new Error(`the driver ended: ${this.#driver.lines.slice(-5).join('\n')}`);
  }
}
