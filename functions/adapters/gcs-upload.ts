/**
 * Writes an object of any size piece by piece, as it is made: nothing of it is kept but what the storage has not
 * confirmed yet. The client sends it as a resumable upload.
 */
import { pipeline } from 'node:stream/promises';
import type { File } from '@google-cloud/storage';

/** Cloud Storage wants a multiple of 256 KiB. The client keeps one such piece for a second try. */
const PIECE_BYTES = 8 * 1024 ** 2;

/**
 * Answers the generation. A storage that takes nothing for `idleMs` is given up; whoever makes the chunks has
 * deadlines of its own.
 */
export async function uploadChunks(
  file: File,
  chunks: AsyncIterable<Buffer>,
  { contentType, idleMs }: { contentType: string; idleMs: number },
): Promise<string> {
  const sink = file.createWriteStream({ resumable: true, chunkSize: PIECE_BYTES, contentType, validation: 'crc32c' });
  let timer: NodeJS.Timeout | undefined;
  const expectAnswer = (): void => {
    timer = setTimeout(() => sink.destroy(new Error(`no answer within ${idleMs} ms`)), idleMs);
  };
  const watched = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      expectAnswer();
      yield chunk;
      clearTimeout(timer);
    }
    expectAnswer();
  };
  try {
    await pipeline(watched(), sink);
  } finally {
    clearTimeout(timer);
  }
  return String(file.metadata.generation);
}
