/** The number in an error of a vendor's client: an HTTP status, or a code of gRPC. */
import * as z from 'zod';

const withCode = z.object({ code: z.union([z.int(), z.string().regex(/^\d+$/).transform(Number)]) });

/** Undefined for anything else, such as `ECONNRESET`. */
export function codeOf(error: unknown): number | undefined {
  return withCode.safeParse(error).data?.code;
}
