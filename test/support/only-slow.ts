/**
 * The one way for a test to say that it belongs to the slow tier: `onlySlow` as its options, or a part of them.
 * `npm run test:slow` runs the files that name this one.
 */

/** Whether the slow tier runs. */
export const runsSlowTests = process.env['FF_SLOW_TESTS'] === '1';

/** Options of node:test. */
export const onlySlow = { skip: runsSlowTests ? false : 'npm run test:slow runs it' };
