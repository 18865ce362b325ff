/**
 * The pod-template-hash of a Deployment's ReplicaSets. Same alphabet and length as the real one (FNV-1a, 32 bit,
 * vowel-free); the number itself differs, since the real one hashes Go's own dump of the template.
 */
import type { PodTemplate } from '../objects.ts';

const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
const HASH_LABEL = 'pod-template-hash';

/** Hash of a template, and of the count of collisions met so far. */
export function podTemplateHash(template: unknown, collisions: number | undefined): string {
  const text = canonicalJson(template) + (collisions === undefined ? '' : String(collisions));
  return [...String(fnv1a(text))].map((digit) => ALPHABET[digit.charCodeAt(0) % ALPHABET.length]).join('');
}

/** Whether two templates are the same, apart from the hash label. */
export function sameTemplate(a: PodTemplate | undefined, b: PodTemplate | undefined): boolean {
  return canonicalJson(withoutHash(a)) === canonicalJson(withoutHash(b));
}

function withoutHash(template: PodTemplate | undefined): unknown {
  const labels: Record<string, string> = { ...template?.metadata?.labels };
  delete labels[HASH_LABEL];
  return { ...template, metadata: { ...template?.metadata, labels } };
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

/** Fields that mean the same empty as absent; elsewhere an empty object says something (`emptyDir: {}`). */
const EMPTY_IS_ABSENT = new Set([
  ...['metadata', 'labels', 'annotations', 'nodeSelector'],
  ...['resources', 'limits', 'requests', 'matchLabels'],
]);

/** JSON with keys in order and without what is null or as good as absent, so that equal meaning is equal text. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(canonical(value));
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .map(([key, each]) => [key, canonical(each)] as const)
    .filter(([key, each]) => !isAbsent(key, each));
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function isAbsent(key: string, value: unknown): boolean {
  if (value === null || value === undefined) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && EMPTY_IS_ABSENT.has(key) && Object.keys(value).length === 0;
}
