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
    const before = entries[at - 256] ?? 0;
    entries[at] = (entries[before & 255] ?? 0) ^ (before >>> 8);
  }
  return entries;
}

/** Continues a CRC-32C (0 to begin with) over more bytes. */
export function crc32c(bytes: Uint8Array, before = 0): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let crc = ~before;
  let at = 0;
  for (const end = bytes.length - 7; at < end; at += 8) {
    crc ^= view.getInt32(at, true);
    const next = view.getInt32(at + 4, true);
    crc =
      entry(1792 + (crc & 255)) ^
      entry(1536 + ((crc >>> 8) & 255)) ^
      entry(1280 + ((crc >>> 16) & 255)) ^
      entry(1024 + (crc >>> 24)) ^
      entry(768 + (next & 255)) ^
      entry(512 + ((next >>> 8) & 255)) ^
      entry(256 + ((next >>> 16) & 255)) ^
      entry(next >>> 24);
  }
  for (; at < bytes.length; at++) crc = entry((crc ^ view.getUint8(at)) & 255) ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** Every index above is within the table. */
function entry(at: number): number {
  return table[at] ?? 0;
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
  const list: number[] = [];
  for (let power = 0x40000000; list.length < POWERS; power = multiply(power, power)) list.push(power);
  return list;
}

/** The CRC of A followed by B, from the CRCs of both and the length of B alone: composing reads no data. */
export function combineCrc32c(first: number, second: number, secondBytes: number): number {
  let shift = 0x80000000;
  // Eight bits a byte, hence the powers from the third on.
  for (let rest = secondBytes, power = 3; rest > 0; rest = Math.floor(rest / 2), power++) {
    if (rest % 2 === 1) shift = multiply(powers[power] ?? 0, shift);
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
