/** What an error of a vendor's client has beside its words: a status of HTTP or gRPC, and when to come again. */
import * as z from 'zod';

const number = z.union([z.int(), z.string().regex(/^\d+$/).transform(Number)]);
const withCode = z.object({ code: number });
/** As plain requests have it; their code is a word, if there is one. */
const withStatus = z.object({ status: number });

/** Undefined for anything else, such as `ECONNRESET`. */
export function codeOf(error: unknown): number | undefined {
  return withCode.safeParse(error).data?.code ?? withStatus.safeParse(error).data?.status;
}

const answered = z.object({ response: z.object({ headers: z.unknown() }) });
const plainHeaders = z.object({ 'retry-after': z.string() });
/** An HTTP date is the other form (RFC 9110, 10.2.3); the services that are called here send seconds. */
const seconds = z
  .string()
  .regex(/^\d{1,5}$/)
  .transform(Number);

/** What the header Retry-After of a refused request says; null: it has none. */
export function retryAfterSecondsOf(error: unknown): number | null {
  const headers = answered.safeParse(error).data?.response.headers;
  const text =
    headers instanceof Headers ? headers.get('retry-after') : plainHeaders.safeParse(headers).data?.['retry-after'];
  return seconds.safeParse(text).data ?? null;
}
