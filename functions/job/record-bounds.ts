/** How long the texts and lists of a record may be. Cutting them is bound-record.ts's. */

/**
 * Of texts in characters, of lists in entries. Together with the list of files they stay below what a record may
 * have.
 */
export const RECORD_BOUNDS = {
  text: 2000,
  label: 200,
  loopText: 400,
  name: 1024,
  decisions: 60,
  notices: 50,
  problems: 50,
  errors: 20,
  exhausted: 50,
  refusals: 50,
  loops: 500,
  outputs: 500,
} as const;
