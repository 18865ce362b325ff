/** CRC-32C and MD5 over streamed bytes, in the base64 forms that the service reports. */
import { createHash, type Hash } from 'node:crypto';

/** The Castagnoli polynomial, bits reversed. */
const POLYNOMIAL = 0x82f63b78;
const SLICES = 8;
/** Enough powers for any object size below 2^61 bytes. */
const POWERS = 64;

const table = buildTable();
const powers = buildPowers();

/** Eight tables of 256 entries: eight bytes are folded in at once, several times faster than byte by byte. */
function buildTable(): Int32Array {
  const entries = new Int32Array(SLICES * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    entries[byte] = crc;
  }
  for (let at = 256; at < entries.length; at++) {
    const before = entries[at - 256]!;
    entries[at] = entries[before & 255]! ^ (before >>> 8);
  }
  return entries;
}

/** Continues a CRC-32C (0 to begin with) over more bytes. */
export function crc32c(bytes: Uint8Array, before = 0): number {
  const t = table;
  let crc = ~before;
  let at = 0;
  for (const end = bytes.length - 7; at < end; at += 8) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    crc =
      t[1792 + (crc & 255)]! ^
      t[1536 + ((crc >>> 8) & 255)]! ^
      t[1280 + ((crc >>> 16) & 255)]! ^
      t[1024 + (crc >>> 24)]! ^
      t[768 + bytes[at + 4]!]! ^
      t[512 + bytes[at + 5]!]! ^
      t[256 + bytes[at + 6]!]! ^
      t[bytes[at + 7]!]!;
  }
  for (; at < bytes.length; at++) crc = t[(crc ^ bytes[at]!) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** The product of two polynomials modulo the CRC's, in reversed-bit form. */
function multiply(a: number, b: number): number {
  let product = 0;
  for (let mask = 0x80000000; mask !== 0; mask >>>= 1) {
    if (a & mask) product ^= b;
    b = b & 1 ? (b >>> 1) ^ POLYNOMIAL : b >>> 1;
  }
  return product >>> 0;
}

/** x^(2^n) for n = 0, 1, ... */
function buildPowers(): number[] {
  const list = [0x40000000];
  while (list.length < POWERS) {
    const last = list[list.length - 1]!;
    list.push(multiply(last, last));
  }
  return list;
}

/** The CRC of A followed by B, from the CRCs of both and the length of B alone: composing reads no data. */
export function combineCrc32c(first: number, second: number, secondBytes: number): number {
  let shift = 0x80000000;
  // Eight bits a byte, hence the powers from the third on.
  for (let rest = secondBytes, power = 3; rest > 0; rest = Math.floor(rest / 2), power++) {
    if (rest % 2 === 1) shift = multiply(powers[power]!, shift);
  }
  return (multiply(shift, first) ^ second) >>> 0;
}

/** The service's form: big-endian, base64. */
export function encodeCrc32c(crc: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc >>> 0);
  return bytes.toString('base64');
}

export function decodeCrc32c(text: string): number {
  return Buffer.from(text, 'base64').readUInt32BE();
}

/** Both checksums of a stream of bytes. */
export class ContentHash {
  readonly #md5: Hash = createHash('md5');
  #crc = 0;

  update(bytes: Uint8Array): void {
    this.#crc = crc32c(bytes, this.#crc);
    this.#md5.update(bytes);
  }

  /** Ends the hashing; can be called once. */
  digest(): { crc32c: string; md5Hash: string } {
    return { crc32c: encodeCrc32c(this.#crc), md5Hash: this.#md5.digest('base64') };
  }
}
