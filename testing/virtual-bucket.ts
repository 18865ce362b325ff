/**
 * A bucket in memory: generations and preconditions as in Cloud Storage. Leaves out signatures
 * (addresses are recognisable, not valid).
 */
import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import type { Bucket, ObjectInfo, StoredObject } from '../functions/ports/bucket.ts';
import { PortError, PreconditionError } from '../functions/ports/port-error.ts';

/** What a bucket asks of the world around it: faults before and after a call, the time, and the next generation. */
interface World {
  nowMs: number;
  generation: number;
  check(call: string): void;
  after(call: string): void;
}

export class VirtualBucket implements Bucket {
  readonly objects = new Map<string, { bytes: Buffer; generation: number; updatedMs: number }>();
  readonly name: string;
  readonly #world: World;

  constructor(name: string, world: World) {
    this.name = name;
    this.#world = world;
  }

  async read(name: string, maxBytes = Infinity): Promise<StoredObject | null> {
    this.#world.check(`${this.name}.read`);
    const object = this.objects.get(name);
    if (object && object.bytes.length > maxBytes)
      throw new PortError('FF-OBJECT-TOO-LARGE', `${name} has ${object.bytes.length} bytes`, { retry: false });
    return object ? { bytes: object.bytes, generation: String(object.generation), updatedMs: object.updatedMs } : null;
  }

  async info(name: string): Promise<ObjectInfo | null> {
    return (await this.list(name)).find((object) => object.name === name) ?? null;
  }

  async list(prefix: string, options: { glob?: string; most?: number } = {}): Promise<ObjectInfo[]> {
    this.#world.check(`${this.name}.list`);
    const pattern =
      options.glob === undefined
        ? /^/
        : new RegExp(`^${options.glob.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}$`);
    const names = [...this.objects.keys()].filter((name) => name.startsWith(prefix) && pattern.test(name));
    const listed = names.toSorted().slice(0, (options.most ?? Infinity) + 1);
    return listed.map((name) => {
      const object = this.objects.get(name)!;
      const md5 = createHash('md5').update(object.bytes).digest('base64');
      return {
        name,
        generation: String(object.generation),
        bytes: object.bytes.length,
        md5,
        updatedMs: object.updatedMs,
      };
    });
  }

  async bytesBelow(prefix: string): Promise<number> {
    return (await this.list(prefix)).reduce((sum, { bytes }) => sum + bytes, 0);
  }

  async listFolders(prefix: string): Promise<string[]> {
    const names = [...this.objects.keys()].filter(
      (name) => name.startsWith(prefix) && name.indexOf('/', prefix.length) > 0,
    );
    return [...new Set(names.map((name) => name.slice(0, name.indexOf('/', prefix.length) + 1)))];
  }

  async write(name: string, bytes: Buffer | string, options: { ifGeneration?: string }): Promise<string> {
    this.#world.check(`${this.name}.write`);
    const stored = this.objects.get(name)?.generation ?? 0;
    if (options.ifGeneration !== undefined && Number(options.ifGeneration) !== stored)
      throw new PreconditionError(name);
    const generation = (this.#world.generation += 1);
    this.objects.set(name, { bytes: Buffer.from(bytes), generation, updatedMs: this.#world.nowMs });
    this.#world.after(`${this.name}.write`);
    return String(generation);
  }

  async writeChunks(name: string, chunks: AsyncIterable<Buffer>): Promise<string> {
    return this.write(name, await buffer(chunks), {});
  }

  async remove(name: string, options: { ifGeneration?: string } = {}): Promise<void> {
    this.#world.check(`${this.name}.remove`);
    const object = this.objects.get(name);
    if (options.ifGeneration === undefined || String(object?.generation) === options.ifGeneration)
      this.objects.delete(name);
  }

  async signedUrl(name: string): Promise<string> {
    return `https://signed.test/${this.name}/${name}`;
  }

  async signedUpload(prefix: string): Promise<{ url: string; fields: Record<string, string> }> {
    return { url: `https://signed.test/${this.name}`, fields: { prefix } };
  }
}
