/** Pulling images: simulated, once per node and image, with the reasons, events and back-off of a real kubelet. */
import { existsSync } from 'node:fs';
import * as z from 'zod';
import { replaceText } from '../../disk.ts';
import { readJson } from '../../read-json.ts';
import { nextBackOff, retryAtMs, type BackOff, type BackOffLimits } from '../back-off.ts';
import { goDuration, type Waiting } from '../pod/pod-status.ts';
import type { ImageMap, ResolvedImage } from '../types.ts';

export type ImageAnswer = { image: ResolvedImage } | { waiting: Waiting; retryAtMs: number };

export type RecordEvent = (type: 'Normal' | 'Warning', reason: string, message: string) => void;

export class ImagePuller {
  readonly #images: ImageMap;
  readonly #file: string;
  readonly #nowMs: () => number;
  readonly #limits: BackOffLimits;
  readonly #pulled: Set<string>;
  readonly #pulling = new Map<string, number>();
  readonly #failures = new Map<string, { backOff: BackOff; atMs: number }>();

  constructor(images: ImageMap, file: string, nowMs: () => number, limits: BackOffLimits) {
    this.#images = images;
    this.#file = file;
    this.#nowMs = nowMs;
    this.#limits = limits;
    this.#pulled = new Set(existsSync(file) ? readJson(file, z.array(z.string())) : []);
  }

  /** Images on this node, for its status. */
  list(): { name: string; sizeBytes: number }[] {
    return [...this.#pulled].map((name) => ({ name, sizeBytes: this.#images.resolveImage(name)?.sizeBytes ?? 0 }));
  }

  /** The image, or why the container has to wait and until when to ask again. `owner` tells containers apart. */
  ensure(owner: string, name: string, policy: string, event: RecordEvent): ImageAnswer {
    const image = this.#images.resolveImage(name);
    const present = this.#pulled.has(name);
    if (image && present && policy !== 'Always') {
      event('Normal', 'Pulled', `Container image "${name}" already present on machine`);
      return { image };
    }
    if (policy === 'Never') return this.#neverPull(name, event);
    return image ? this.#pull(owner, name, image, event) : this.#fail(owner, name, event);
  }

  #neverPull(name: string, event: RecordEvent): ImageAnswer {
    const message = `Container image "${name}" is not present with pull policy of Never`;
    event('Warning', 'ErrImageNeverPull', message);
    return { waiting: { reason: 'ErrImageNeverPull', message }, retryAtMs: this.#nowMs() + this.#limits.initialMs };
  }

  #pull(owner: string, name: string, image: ResolvedImage, event: RecordEvent): ImageAnswer {
    const now = this.#nowMs();
    const key = `${owner}|${name}`;
    const pullMs = this.#pulled.has(name) ? 0 : (this.#images.pullTimeMs?.(name) ?? 0);
    const sinceMs = this.#pulling.get(key) ?? now;
    if (!this.#pulling.has(key)) event('Normal', 'Pulling', `Pulling image "${name}"`);
    this.#pulling.set(key, sinceMs);
    if (now < sinceMs + pullMs) return { waiting: { reason: 'ContainerCreating' }, retryAtMs: sinceMs + pullMs };
    this.#pulling.delete(key);
    this.#failures.delete(key);
    this.#remember(name);
    const took = goDuration(now - sinceMs);
    event(
      'Normal',
      'Pulled',
      `Successfully pulled image "${name}" in ${took} (${took} including waiting). Image size: ` +
        `${image.sizeBytes ?? 0} bytes.`,
    );
    return { image };
  }

  #fail(owner: string, name: string, event: RecordEvent): ImageAnswer {
    const now = this.#nowMs();
    const key = `${owner}|${name}`;
    const failure = this.#failures.get(key);
    if (failure) {
      const atMs = retryAtMs(failure.backOff, failure.atMs, this.#limits);
      if (atMs > now) {
        event('Normal', 'BackOff', `Back-off pulling image "${name}"`);
        event('Warning', 'Failed', 'Error: ImagePullBackOff');
        return {
          waiting: { reason: 'ImagePullBackOff', message: `Back-off pulling image "${name}"` },
          retryAtMs: atMs,
        };
      }
    }
    const backOff = nextBackOff(failure?.backOff, failure?.atMs ?? now, now, this.#limits);
    this.#failures.set(key, { backOff, atMs: now });
    event('Normal', 'Pulling', `Pulling image "${name}"`);
    const cause = `failed to resolve reference "${name}": ${name}: not found`;
    const message = `failed to pull and unpack image "${name}": ${cause}`;
    event('Warning', 'Failed', `Failed to pull image "${name}": ${message}`);
    event('Warning', 'Failed', 'Error: ErrImagePull');
    return { waiting: { reason: 'ErrImagePull', message }, retryAtMs: now + Math.min(1000, backOff.delayMs / 2) };
  }

  #remember(name: string): void {
    if (this.#pulled.has(name)) return;
    this.#pulled.add(name);
    replaceText(this.#file, JSON.stringify([...this.#pulled]));
  }
}
