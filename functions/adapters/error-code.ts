/** The number in an error of a vendor's client: an HTTP status, or a code of gRPC. */
import * as z from 'zod';

const number = z.union([z.int(), z.string().regex(/^\d+$/).transform(Number)]);
const withCode = z.object({ code: number });
/** As plain requests have it; their code is a word, if there is one. */
const withStatus = z.object({ status: number });

/** Undefined for anything else, such as `ECONNRESET`. */
export function codeOf(error: unknown): number | undefined {
  return withCode.safeParse(error).data?.code ?? withStatus.safeParse(error).data?.status;
}
