/** A small world with one job in it, for tests that drive whole passes. */
import assert from 'node:assert/strict';
import type { JobRecord } from '../../functions/job/job-record.ts';
import type { LoopProgress } from '../../functions/job/progress.ts';
import type { PassSettings } from '../../functions/job/settings.ts';
import { reconcileJob, type PassResult } from '../../functions/reconcile/reconcile-job.ts';
import { loadRecord } from '../../functions/reconcile/record-store.ts';
import { type VirtualCluster, VirtualWorld } from '../../testing/virtual-ports.ts';

const digest = `@sha256:${'a'.repeat(64)}`;
export const settings: PassSettings = {
  installation: 'test',
  workerImage: `worker${digest}`,
  redisImage: `redis${digest}`,
  locations: ['zone-a', 'zone-b'],
  maxClusters: 3,
  allowedBuckets: [],
  allowedRegistries: [],
};

export const loop = (part: Partial<LoopProgress>): LoopProgress => ({
  loop: 1,
  label: 'i',
  total: 100,
  done: 0,
  failed: 0,
  reused: 0,
  seconds: 0,
  maxSeconds: 0,
  waiting: 100,
  ended: false,
  ...part,
});

export class JobWorld extends VirtualWorld {
  async upload(files: Record<string, string>, job = 'demo'): Promise<void> {
    for (const [name, text] of Object.entries(files)) await this.buckets.uploads.write(`jobs/${job}/${name}`, text, {});
  }

  /**
   * One event's worth: a pass, and those that follow by themselves when the job starts anew and takes a place (the
   * entry points do the same).
   */
  async pass(seconds = 1, job = 'demo'): Promise<PassResult> {
    this.nowMs += seconds * 1000;
    let result = await reconcileJob(this.ports, settings, job);
    while (result.did === 'acted' && result.phase === 'waiting' && result.again)
      result = await reconcileJob(this.ports, settings, job);
    return result;
  }

  async record(job = 'demo'): Promise<JobRecord> {
    return (await loadRecord(this.buckets.state, job))!.record;
  }

  async phase(): Promise<string> {
    return (await this.record()).phase;
  }

  cluster(): VirtualCluster {
    return [...this.clusters.values()].at(-1)!;
  }

  /** Uploads a sound folder and drives the job until its script runs in the canary. */
  async toCanary(jobFile = 'script: run.R\n'): Promise<VirtualCluster> {
    await this.upload({ 'run.R': 'x <- 1\n', 'job.yaml': jobFile });
    await this.pass();
    this.cluster().view.state = 'running';
    await this.pass();
    const there = this.cluster();
    there.driverState = 'running';
    there.loops = [loop({})];
    const busy = { state: 'busy', loop: 1, iterations: 1, sinceSeconds: 0, beatSeconds: 0 } as const;
    there.workers = ['w1', 'w2', 'w3'].map((pod) => ({ ...busy, pod }));
    await this.pass();
    assert.equal(await this.phase(), 'canary');
    return there;
  }

  async toRunning(jobFile?: string): Promise<VirtualCluster> {
    const there = await this.toCanary(jobFile);
    there.loops = [loop({ done: 4, seconds: 400, waiting: 93 })];
    await this.pass();
    assert.equal(await this.phase(), 'running');
    return there;
  }

  async untilGone(there: VirtualCluster): Promise<void> {
    await this.pass();
    await this.pass();
    assert.equal(there.view.state, 'stopping');
    this.clusters.delete(there.view.name);
    await this.pass();
  }
}
