/** Names of a bucket in the order of their UTF-8 bytes, which is the order of every listing. */

/** Up to so many new names are put in their places one by one; more of them are sorted together with the rest. */
const FEW = 64;

/**
 * Compares by UTF-8 bytes. UTF-16 code units have the same order but for surrogates, which stand below U+E000..U+FFFF
 * though the characters that they make up come after.
 */
export function compareNames(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const x = a.charCodeAt(at);
    const y = b.charCodeAt(at);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

export class SortedNames {
  #names: string[] = [];
  /** Added since the last look; sorted in when somebody looks, so that a bulk load sorts once. */
  #fresh: string[] = [];

  get size(): number {
    return this.#names.length + this.#fresh.length;
  }

  /** The name must not be there yet. */
  add(name: string): void {
    this.#fresh.push(name);
  }

  delete(name: string): void {
    const names = this.#settled();
    const at = this.lowerBound(name);
    if (names[at] === name) names.splice(at, 1);
  }

  at(index: number): string | undefined {
    return this.#settled()[index];
  }

  /** Index of the first name that is not before `name`. */
  lowerBound(name: string): number {
    return this.#search((candidate) => compareNames(candidate, name) >= 0);
  }

  /** Index of the first name that comes after every name with this prefix. */
  afterPrefix(prefix: string): number {
    return this.#search((candidate) => compareNames(candidate.slice(0, prefix.length), prefix) > 0);
  }

  #search(isBeyond: (name: string) => boolean): number {
    return firstWhere(this.#settled(), isBeyond);
  }

  #settled(): string[] {
    if (this.#fresh.length === 0) return this.#names;
    const fresh = this.#fresh;
    this.#fresh = [];
    if (fresh.length > FEW) {
      this.#names = this.#names.concat(fresh).sort(compareNames);
    } else {
      for (const name of fresh) {
        const at = firstWhere(this.#names, (candidate) => compareNames(candidate, name) >= 0);
        this.#names.splice(at, 0, name);
      }
    }
    return this.#names;
  }
}

function firstWhere(names: string[], isBeyond: (name: string) => boolean): number {
  let low = 0;
  let high = names.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBeyond(names[middle] ?? '')) high = middle;
    else low = middle + 1;
  }
  return low;
}
