/**
 * Reads a file of many results as R's own reader would: a named list of raw vectors (R
 * Internals, "Serialization Formats", XDR).
 */

export function readPart(bytes: Buffer): Map<string, Buffer> {
  if (bytes.toString('latin1', 0, 2) !== 'X\n') throw new Error('not an XDR serialization');
  let at = 14;
  const int = (): number => {
    at += 4;
    return bytes.readInt32BE(at - 4);
  };
  const take = (length: number): Buffer => {
    at += length;
    return bytes.subarray(at - length, at);
  };
  const expect = (type: number): void => {
    const flags = int();
    if ((flags & 0xff) !== type) throw new Error(`type ${type} expected at ${at - 4}, found ${flags & 0xff}`);
  };
  expect(19);
  const values = Array.from({ length: int() }, () => {
    expect(24);
    return take(int());
  });
  expect(2);
  expect(1);
  expect(9);
  if (take(int()).toString() !== 'names') throw new Error('the list has no names');
  expect(16);
  const names = Array.from({ length: int() }, () => {
    expect(9);
    return take(int()).toString();
  });
  return new Map(names.map((name, index) => [name, values[index]!]));
}
