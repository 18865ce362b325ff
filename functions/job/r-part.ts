/**
 * Packs many small results into one file that R reads with readRDS(): a named list of raw vectors, each the
 * serialization of one value. The values stay opaque; only the list around them is written here. Format: R Internals,
 * "Serialization Formats", XDR, version 2.
 */

const VECSXP_WITH_ATTRIBUTES = 0x213;
const RAWSXP = 0x18;
const STRSXP = 0x10;
const LISTSXP_WITH_TAG = 0x402;
const SYMSXP = 0x1;
const CHARSXP_ASCII = 0x40009;
const NILVALUE_SXP = 0xfe;
/** "X\n", format 2, written by R 4.0.0, readable since R 2.3.0. */
const HEADER = Buffer.concat([Buffer.from('X\n'), int32(2), int32(0x040000), int32(0x020300)]);

/** The bytes of the .rds file. Names are ASCII (iteration numbers). */
export function packPart(values: readonly { name: string; bytes: Buffer }[]): Buffer {
  const pieces: Buffer[] = [HEADER, int32(VECSXP_WITH_ATTRIBUTES), int32(values.length)];
  for (const value of values) pieces.push(int32(RAWSXP), int32(value.bytes.length), value.bytes);
  pieces.push(int32(LISTSXP_WITH_TAG), int32(SYMSXP), charsxp('names'), int32(STRSXP), int32(values.length));
  for (const value of values) pieces.push(charsxp(value.name));
  pieces.push(int32(NILVALUE_SXP));
  return Buffer.concat(pieces);
}

function charsxp(text: string): Buffer {
  const bytes = Buffer.from(text, 'ascii');
  return Buffer.concat([int32(CHARSXP_ASCII), int32(bytes.length), bytes]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32BE(value | 0);
  return bytes;
}
