/**
 * Access tokens of the local cloud: opaque to whoever holds them, and still valid after the local cloud was killed and
 * started again. They are signed with a key kept on disk and not remembered in a table.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import type { Clock } from '../clock.ts';
import { parseJson } from '../read-json.ts';

const PREFIX = 'ya29.local.';

const claimsSchema = z.object({
  email: z.string(),
  /** Seconds since 1970. */
  expires: z.number(),
  /** Makes two tokens of the same second different. */
  nonce: z.string(),
});

export class Tokens {
  readonly #key: Buffer;
  readonly #clock: Clock;

  constructor(key: Buffer, clock: Clock) {
    this.#key = key;
    this.#clock = clock;
  }

  issue(email: string, lifeSeconds: number): string {
    const expires = Math.floor(this.#clock.nowMs() / 1000) + lifeSeconds;
    const claims: z.infer<typeof claimsSchema> = { email, expires, nonce: randomBytes(6).toString('hex') };
    const payload = Buffer.from(JSON.stringify(claims)).toString('base64url');
    return `${PREFIX}${payload}.${this.#mac(payload)}`;
  }

  /** The e-mail the token was issued to, or undefined when it is forged or has expired. */
  emailOf(token: string): string | undefined {
    if (!token.startsWith(PREFIX)) return undefined;
    const [payload = '', mac = ''] = token.slice(PREFIX.length).split('.');
    const expected = Buffer.from(this.#mac(payload));
    const given = Buffer.from(mac);
    if (expected.length !== given.length || !timingSafeEqual(expected, given)) return undefined;
    const claims = parseJson(Buffer.from(payload, 'base64url').toString('utf8'), claimsSchema);
    return claims.expires * 1000 > this.#clock.nowMs() ? claims.email : undefined;
  }

  #mac(payload: string): string {
    return createHmac('sha256', this.#key).update(payload).digest('base64url');
  }
}
