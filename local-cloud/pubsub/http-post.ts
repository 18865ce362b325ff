/**
 * One HTTP POST with a deadline for the whole exchange. Not fetch: that gives up on headers
 * after 300 s, and a function may take 540 s.
 */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

export interface PostAnswer {
  status: number;
  body: string;
}

export function post(
  url: string,
  headers: Record<string, string>,
  body: string,
  options: { timeoutMs: number; signal?: AbortSignal },
): Promise<PostAnswer> {
  const send = url.startsWith('https:') ? httpsRequest : httpRequest;
  const signals = [AbortSignal.timeout(options.timeoutMs), ...(options.signal ? [options.signal] : [])];
  return new Promise((resolve, reject) => {
    const request = send(
      url,
      {
        method: 'POST',
        // A kept-alive connection may be closed by the other side just as it is used again, which a POST cannot repair.
        agent: false,
        headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
        signal: AbortSignal.any(signals),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
        );
        response.on('error', reject);
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}
