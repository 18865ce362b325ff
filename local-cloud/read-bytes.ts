/** The bytes of a request's body, up to a limit. */
import type { IncomingMessage } from 'node:http';

/** @throws what `tooLarge` makes, as soon as there are more than `maxBytes`. */
export async function readBytes(request: IncomingMessage, maxBytes: number, tooLarge: () => Error): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const body: AsyncIterable<Buffer> = request;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
