/**
 * Hands out '127.x.y' prefixes, one per machine. It goes round from a start that is drawn once per state folder. A
 * prefix is not reused soon after its machine ended, and two local clouds on one computer rarely meet.
 */
import type { Documents } from '../../documents.ts';

const FIRST = 16 * 256;
const LAST = 250 * 256 - 1;
const KEY = 'address-prefix';

export class AddressPrefixes {
  readonly #documents: Documents<number>;
  #next: number;

  constructor(documents: Documents<number>, random: () => number = Math.random) {
    this.#documents = documents;
    this.#next = documents.load().get(KEY) ?? FIRST + Math.floor(random() * (LAST - FIRST));
  }

  take(used: ReadonlySet<string>): string {
    for (let tries = FIRST; tries <= LAST; tries += 1) {
      const prefix = `127.${this.#next >> 8}.${this.#next & 255}`;
      this.#next = this.#next >= LAST ? FIRST : this.#next + 1;
      if (used.has(prefix)) continue;
      this.#documents.save(KEY, this.#next);
      return prefix;
    }
    throw new Error('every loopback address prefix is in use');
  }
}
