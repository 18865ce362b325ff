/**
 * Loopback addresses of one node's pods: unique while the pod exists, the lowest free one next. Does not open anything.
 */
export class AddressPool {
  readonly #prefix: string;
  readonly #byOwner = new Map<string, number>();

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** The address of this owner, allocated at the first call; undefined when all are taken. */
  allocate(owner: string): string | undefined {
    const existing = this.#byOwner.get(owner);
    if (existing !== undefined) return `${this.#prefix}.${existing}`;
    const taken = new Set(this.#byOwner.values());
    for (let number = 2; number <= 254; number++) {
      if (taken.has(number)) continue;
      this.#byOwner.set(owner, number);
      return `${this.#prefix}.${number}`;
    }
    return undefined;
  }

  /** Gives an owner the address it had before a restart; ignored when it does not belong to this node. */
  claim(owner: string, address: string): void {
    if (!address.startsWith(`${this.#prefix}.`)) return;
    this.#byOwner.set(owner, Number(address.slice(this.#prefix.length + 1)));
  }

  release(owner: string): void {
    this.#byOwner.delete(owner);
  }
}
