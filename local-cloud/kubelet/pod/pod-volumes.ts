/**
 * The volumes of one pod: made before its first container starts, tried again while something is missing, and kept
 * fresh afterwards (Secrets, ConfigMaps). It starts no container.
 */
import { join } from 'node:path';
import { messageOf } from '../../error-text.ts';
import type { KubeletContext } from '../kubelet-context.ts';
import type { Pod } from '../types.ts';
import { MountError, syncVolumes } from '../volumes/volumes.ts';
import type { PodContainers } from './pod-containers.ts';
import { isPowerOfTwo } from './start-retries.ts';

export interface PodVolumesOwner {
  pod(): Pod;
  wakeAt(atMs: number): void;
  warn(reason: string, message: string): void;
}

export class PodVolumes {
  readonly #context: KubeletContext;
  readonly #containers: PodContainers;
  readonly #owner: PodVolumesOwner;
  #mounted = false;
  #failures = 0;
  #retryAtMs = 0;
  #refreshAtMs = 0;

  constructor(context: KubeletContext, containers: PodContainers, owner: PodVolumesOwner) {
    this.#context = context;
    this.#containers = containers;
    this.#owner = owner;
  }

  /** False while something is missing; then the owner is woken when it is time to try again. */
  async sync(): Promise<boolean> {
    const nowMs = this.#context.clock.nowMs();
    if (this.#mounted && nowMs < this.#refreshAtMs) {
      this.#planRefresh();
      return true;
    }
    if (!this.#mounted && nowMs < this.#retryAtMs) {
      this.#owner.wakeAt(this.#retryAtMs); // also when the timer came a moment too early
      return false;
    }
    try {
      await this.#mount(nowMs);
    } catch (error) {
      this.#failed(error);
      if (!this.#mounted) return false;
    }
    this.#refreshAtMs = nowMs + this.#context.timing.volumeRefreshMs;
    this.#planRefresh();
    return true;
  }

  async #mount(nowMs: number): Promise<void> {
    const { api, cache, options, timing } = this.#context;
    const { record, dir } = this.#containers;
    await syncVolumes({
      api,
      cache,
      facts: { pod: this.#owner.pod(), podIp: record.address, node: options.node },
      dir: join(dir, 'volumes'),
      nowMs,
      maxAgeMs: this.#mounted ? timing.volumeRefreshMs / 3 : timing.retryMs / 2,
    });
    this.#mounted = true;
    this.#failures = 0;
    if (record.prepared) return;
    record.prepared = true;
    this.#containers.save();
  }

  #planRefresh(): void {
    const volumes = this.#owner.pod().spec?.volumes ?? [];
    if (volumes.some((volume) => !volume.emptyDir)) this.#owner.wakeAt(this.#refreshAtMs);
  }

  #failed(error: unknown): void {
    const { clock, options, timing } = this.#context;
    this.#failures += 1;
    const message = messageOf(error);
    if (isPowerOfTwo(this.#failures) && !this.#mounted) this.#owner.warn('FailedMount', message);
    if (!(error instanceof MountError)) options.log?.(`pod ${this.#containers.record.name}: ${message}`);
    this.#retryAtMs = clock.nowMs() + timing.retryMs;
    this.#owner.wakeAt(this.#retryAtMs);
  }
}
