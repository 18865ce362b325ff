/**
 * Tells a webhook of the job file a notice. The host's name is looked up once. A name that means any address which is
 * not public is refused, and the connection goes to the address that was checked, whatever the name means by then.
 * Redirects are not followed. A few tries within a bound: a pass must not hang on a receiver.
 */
import { createHmac } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { request } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import type { Notice } from '../ports/notices.ts';
import { messageOf, PortError } from '../ports/port-error.ts';
import { isPublicAddress } from './public-address.ts';

export interface WebhookOptions {
  /** Signs the body; null: nothing is signed. */
  secret: string | null;
  nowMs?: () => number;
  resolve?: (host: string) => Promise<string[]>;
  isAllowed?: (address: string) => boolean;
  /** Waits between the tries, in ms; one try more than there are waits. */
  waitsMs?: readonly number[];
  /** Authorities beside the public ones. */
  ca?: string;
}

const TRY_MS = 5000;
const WAITS_MS = [500, 2000];
const SIGNATURE_HEADER = 'x-foreach-fleet-signature';

/** @throws PortError FF-WEBHOOK: the receiver has not been told. */
export async function callWebhook(url: string, notice: Notice, options: WebhookOptions): Promise<void> {
  const body = JSON.stringify(notice);
  const waits = options.waitsMs ?? WAITS_MS;
  for (let attempt = 0; ; attempt += 1) {
    try {
      const status = await send(url, body, options);
      if (status >= 200 && status < 300) return;
      throw failure(`answers ${status}`, status >= 500 || status === 408 || status === 429);
    } catch (error) {
      const known = error instanceof PortError ? error : failure(messageOf(error), true);
      const wait = waits[attempt];
      if (!known.retry || wait === undefined) throw known;
      await delay(wait);
    }
  }
}

async function send(url: string, body: string, options: WebhookOptions): Promise<number> {
  const { host, hostname, port, pathname, search } = new URL(url);
  const address = await allowedAddress(hostname, options);
  const headers = {
    host,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...(options.secret === null ? {} : { [SIGNATURE_HEADER]: sign(body, options.secret, options.nowMs ?? Date.now) }),
  };
  return new Promise((resolve, reject) => {
    // The address, not the name, is connected to; the certificate must be the name's.
    const call = request({
      method: 'POST',
      host: address,
      servername: hostname,
      port: port === '' ? 443 : port,
      path: `${pathname}${search}`,
      headers,
      agent: false,
      signal: AbortSignal.timeout(TRY_MS),
      ...(options.ca === undefined ? {} : { ca: options.ca }),
    });
    call.once('response', (response) => {
      // Nobody wants the body, however long it is.
      response.destroy();
      resolve(response.statusCode ?? 0);
    });
    call.once('error', reject);
    call.end(body);
  });
}

/** All addresses must be allowed: which one a name means next time is its owner's choice. */
async function allowedAddress(hostname: string, options: WebhookOptions): Promise<string> {
  const addresses = await (options.resolve ?? resolveAll)(hostname);
  const [first] = addresses;
  if (first === undefined) throw failure(`${hostname} has no address`, true);
  const refused = addresses.find((address) => !(options.isAllowed ?? isPublicAddress)(address));
  if (refused !== undefined) throw failure(`${hostname} is ${refused}, which is not a public address`, false);
  return first;
}

async function resolveAll(host: string): Promise<string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

/**
 * Time and HMAC-SHA-256 of `<time>.<body>`: the receiver compares the HMAC and refuses what is older than some minutes.
 */
function sign(body: string, secret: string, nowMs: () => number): string {
  const seconds = Math.floor(nowMs() / 1000);
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`;
}

function failure(text: string, retry: boolean): PortError {
  return new PortError('FF-WEBHOOK', `the webhook ${text}`, { retry });
}
