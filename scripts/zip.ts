// A zip archive that is the same, byte for byte, for the same files: sorted, without times, owners or paths of the
// machine that made it. For small trees of plain files; no zip64, no encryption, no symbolic links.
//
// Own code, because node:zlib compresses, and what is left is the frame around it: less
// than a package to keep up to date.
import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipEntry {
  /** Relative, with forward slashes. */
  readonly name: string;
  readonly bytes: Buffer;
}

const VERSION = 20;
const UTF8_NAMES = 0x0800;
const DEFLATE = 8;
/** 1 January 1980, the first day that the format knows. */
const DATE = 0x0021;
const MADE_ON_UNIX = 3 << 8;
/** A plain file that everybody may read. */
const ATTRIBUTES = (0o100644 << 16) >>> 0;

export function zipArchive(entries: readonly ZipEntry[]): Buffer {
  const sorted = entries.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const { name, bytes } of sorted) {
    const packed = deflateRawSync(bytes, { level: 9 });
    const path = Buffer.from(name, 'utf8');
    const common = describe(bytes, packed, path);
    const header = Buffer.concat([numbers([4, 0x04034b50]), common, path]);
    local.push(header, packed);
    const place = numbers([2, 0], [2, 0], [2, 0], [4, ATTRIBUTES], [4, offset]);
    central.push(numbers([4, 0x02014b50], [2, MADE_ON_UNIX | VERSION]), common, place, path);
    offset += header.length + packed.length;
  }
  const directory = Buffer.concat(central);
  const count = sorted.length;
  const end = numbers(
    [4, 0x06054b50],
    [2, 0],
    [2, 0],
    [2, count],
    [2, count],
    [4, directory.length],
    [4, offset],
    [2, 0],
  );
  return Buffer.concat([...local, directory, end]);
}

/** The fields that stand in front of the file as well as in the directory. */
function describe(bytes: Buffer, packed: Buffer, path: Buffer): Buffer {
  const method = numbers([2, VERSION], [2, UTF8_NAMES], [2, DEFLATE], [2, 0], [2, DATE]);
  const sizes = numbers([4, crc32(bytes)], [4, packed.length], [4, bytes.length], [2, path.length], [2, 0]);
  return Buffer.concat([method, sizes]);
}

/** Little-endian numbers, each given as [width in bytes, value]. */
function numbers(...fields: readonly (readonly [width: 2 | 4, value: number])[]): Buffer {
  return Buffer.concat(
    fields.map(([width, value]) => {
      const field = Buffer.alloc(width);
      field.writeUIntLE(value, 0, width);
      return field;
    }),
  );
}
