/** The ifGenerationMatch family: reading them from a request and holding an object against them. */
import { ApiError, conditionNotMet, invalid } from './api-error.ts';
import type { Preconditions } from './model.ts';

const KINDS = ['GenerationMatch', 'GenerationNotMatch', 'MetagenerationMatch', 'MetagenerationNotMatch'] as const;

/** Reads `ifGenerationMatch` and so on; with prefix `Source`, `ifSourceGenerationMatch` and so on. */
export function readPreconditions(query: URLSearchParams, prefix: '' | 'Source' = ''): Preconditions {
  const found: Preconditions = {};
  for (const kind of KINDS) {
    const value = query.get(`if${prefix}${kind}`);
    if (value !== null && value !== '') found[`if${kind}`] = wholeNumber(value, `if${prefix}${kind}`);
  }
  return found;
}

/** The same, as the XML API has them: headers `x-goog-if-generation-match` and `x-goog-if-metageneration-match`. */
export function readHeaderPreconditions(headers: Record<string, string | string[] | undefined>): Preconditions {
  const found: Preconditions = {};
  const generation = headers['x-goog-if-generation-match'];
  const metageneration = headers['x-goog-if-metageneration-match'];
  if (generation !== undefined) found.ifGenerationMatch = wholeNumber(String(generation), 'x-goog-if-generation-match');
  if (metageneration !== undefined) {
    found.ifMetagenerationMatch = wholeNumber(String(metageneration), 'x-goog-if-metageneration-match');
  }
  return found;
}

export function wholeNumber(text: string, name: string): number {
  if (!/^\d{1,16}$/.test(text)) throw invalid(`Invalid value for ${name}: ${text}`, 'invalidParameter');
  return Number(text);
}

/**
 * Throws unless the conditions hold. An object that does not exist has generation 0.
 * A read that fails a NotMatch condition is answered 304, everything else 412.
 */
export function checkPreconditions(
  object: { generation: number; metageneration: number } | undefined,
  conditions: Preconditions,
  purpose: 'read' | 'write',
): void {
  const generation = object?.generation ?? 0;
  // What does not exist has no metageneration that could match.
  const metageneration = object?.metageneration ?? -1;
  if (isUnequal(conditions.ifGenerationMatch, generation)) throw conditionNotMet();
  if (isUnequal(conditions.ifMetagenerationMatch, metageneration)) throw conditionNotMet();
  if (conditions.ifGenerationNotMatch === generation || conditions.ifMetagenerationNotMatch === metageneration) {
    throw purpose === 'read' ? new ApiError(304, 'notModified', 'Not Modified') : conditionNotMet();
  }
}

function isUnequal(wanted: number | undefined, actual: number): boolean {
  return wanted !== undefined && wanted !== actual;
}
