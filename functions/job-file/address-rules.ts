// Rules for container images and webhooks. Pure: nothing is looked up, so whoever sends a
// webhook checks the resolved address again.
import { shorten } from './problem.ts';
import type { TextFault } from './text-rules.ts';

const registry = /[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?/.source;
const path = /(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)+/.source;
const tag = /(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?/.source;
const imagePattern = new RegExp(`^(?=.{1,512}$)${registry}${path}${tag}@sha256:[0-9a-f]{64}$`);

/**
 * Faults of an image reference's form. A tag can be moved to other contents after the check, so only a digest counts.
 */
export function findImageFault(image: string): TextFault | undefined {
  if (imagePattern.test(image)) return undefined;
  const remedy = 'Write registry/path/name@sha256:<64 hex digits>, as `docker inspect` or the registry shows it.';
  const what = image.includes('@sha256:') ? 'is not a complete image reference' : 'has no digest (@sha256:…)';
  return { code: 'FF-SPEC-IMAGE', message: `the image "${shorten(image, 120)}" ${what}`, remedy };
}

/** Whether an image lies in one of the registries: "host/path" matches whole path segments only. */
export function isImageIn(image: string, registries: readonly string[]): boolean {
  return registries.some((registry) => image.startsWith(registry.endsWith('/') ? registry : `${registry}/`));
}

const privateHost =
  /(^|\.)(localhost|local|internal|intranet|lan|home|corp|private|test|invalid|example|onion|arpa|svc)$/;

/**
 * Faults of a webhook address: only https to a public host name, so that nobody
 * reaches into the network through the service.
 */
export function findWebhookFault(address: string): TextFault | undefined {
  const remedy = 'Write an https address of a public host name, such as https://hooks.example.org/path.';
  const fault = (what: string): TextFault => ({
    code: 'FF-SPEC-URL',
    message: `the address "${shorten(address, 120)}" ${what}`,
    remedy,
  });
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || address.length > 2000) return fault('is not a web address');
  if (url.protocol !== 'https:') return fault('does not begin with https://');
  if (url.username !== '' || url.password !== '') return fault('contains a user name or password');
  const host = url.hostname.replace(/\.$/, '');
  if (host.startsWith('[') || /^[\d.]+$/.test(host)) return fault('names a network address instead of a host');
  if (!host.includes('.') || privateHost.test(host)) return fault('names a private host');
  return undefined;
}
