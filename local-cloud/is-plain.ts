/** A JSON object: neither a list nor null. */
export function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A JSON list, of whatever. */
export function isList(value: unknown): value is unknown[] {
  return Array.isArray(value);
}

/** A field that should be an object; an empty one where it is something else, or absent. */
export function plainAt(object: Record<string, unknown> | undefined, field: string): Record<string, unknown> {
  const value = object?.[field];
  return isPlain(value) ? value : {};
}

/** A field that should be a text; undefined where it is something else, or absent. */
export function textAt(object: Record<string, unknown> | undefined, field: string): string | undefined {
  const value = object?.[field];
  return typeof value === 'string' ? value : undefined;
}
