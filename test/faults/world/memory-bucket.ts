/**
 * A bucket in memory with generations and preconditions, and every version that an object ever
 * had, for stale reads. Leaves out signatures.
 */
import { createHash } from 'node:crypto';
import type { ObjectInfo } from '../../../functions/ports/bucket.ts';
import { PreconditionError } from '../../../functions/ports/port-error.ts';

export interface Version {
  bytes: Buffer;
  generation: number;
  updatedMs: number;
}

export class MemoryBucket {
  readonly name: string;
  readonly objects = new Map<string, Version>();
  readonly #next: () => number;

  constructor(name: string, next: () => number) {
    this.name = name;
    this.#next = next;
  }

  read(name: string): { bytes: Buffer; generation: string; updatedMs: number } | null {
    const object = this.objects.get(name);
    if (!object) return null;
    return { bytes: object.bytes, generation: String(object.generation), updatedMs: object.updatedMs };
  }

  list(prefix: string, glob?: string): ObjectInfo[] {
    const pattern = glob === undefined ? /^/ : new RegExp(`^${glob.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}$`);
    const names = [...this.objects.keys()].filter((name) => name.startsWith(prefix) && pattern.test(name));
    return names.toSorted().map((name) => this.#info(name));
  }

  info(name: string): ObjectInfo | null {
    return this.objects.has(name) ? this.#info(name) : null;
  }

  #info(name: string): ObjectInfo {
    const { bytes, generation, updatedMs } = this.objects.get(name)!;
    const md5 = createHash('md5').update(bytes).digest('base64');
    return { name, generation: String(generation), bytes: bytes.length, md5, updatedMs };
  }

  folders(prefix: string): string[] {
    const below = [...this.objects.keys()].filter(
      (name) => name.startsWith(prefix) && name.includes('/', prefix.length),
    );
    return [...new Set(below.map((name) => name.slice(0, name.indexOf('/', prefix.length) + 1)))];
  }

  write(name: string, bytes: Buffer | string, nowMs: number, ifGeneration?: string): string {
    const stored = this.objects.get(name)?.generation ?? 0;
    if (ifGeneration !== undefined && Number(ifGeneration) !== stored) throw new PreconditionError(name);
    const generation = this.#next();
    this.objects.set(name, { bytes: Buffer.from(bytes), generation, updatedMs: nowMs });
    return String(generation);
  }

  remove(name: string, ifGeneration?: string): void {
    const object = this.objects.get(name);
    if (ifGeneration === undefined || String(object?.generation) === ifGeneration) this.objects.delete(name);
  }
}
