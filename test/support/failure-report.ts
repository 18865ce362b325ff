// Preloaded into every test process (--import): a test that fails takes along what its processes have said, so that the
// summary can show it (scripts/summary-reporter.mjs). The hook runs before those of the test file, which end the
// processes.
import { afterEach, type TestContext } from 'node:test';
import { explanations, forgetEnded } from '../../testing/explain-failures.ts';

afterEach(async (context) => {
  const { error } = context as TestContext & { error?: unknown };
  if (error !== null && error !== undefined) Object.assign(error, { explanation: await explanations() });
  forgetEnded();
});
