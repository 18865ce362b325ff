/** Keeps the functions' log lines of thousands of passes off the terminal. */

export async function withQuietLog<T>(work: () => Promise<T>): Promise<T> {
  const { write } = process.stdout;
  process.stdout.write = ((chunk: string | Uint8Array, ...rest: unknown[]) =>
    String(chunk).startsWith('{"severity"')
      ? true
      : write.call(process.stdout, chunk, ...(rest as []))) as typeof write;
  try {
    return await work();
  } finally {
    process.stdout.write = write;
  }
}
