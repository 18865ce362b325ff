// Which test files begin first: those that take longest, so that no lane is left with a long one at the end. It is what
// `npm test` prints as its slowest files; one that is not here takes little.
export const slowestFiles: readonly string[] = [];

/** The files that are named here in that order, then the others by name. */
export function longestFirst<T extends { file: string }>(files: readonly T[]): T[] {
  const rank = ({ file }: T): number =>
    slowestFiles.includes(file) ? slowestFiles.indexOf(file) : slowestFiles.length;
  return files.toSorted((a, b) => rank(a) - rank(b) || a.file.localeCompare(b.file));
}
