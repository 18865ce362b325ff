/** The lab of a test file: a new one for each test, or one for all of them. It ends with them. */
import { after, afterEach, before, beforeEach } from 'node:test';
import { Lab } from './lab.ts';

/** With workers of these names, which are ready when the test begins. */
async function startLab(pods: readonly string[]): Promise<Lab> {
  const lab = await Lab.start();
  for (const pod of pods) lab.worker(pod);
  if (pods.length > 0) await lab.workersReady(pods.length);
  return lab;
}

/** `take` gets each new lab before its test, as in `labForEach((made) => (lab = made))`. */
export function labForEach(take: (lab: Lab) => void, pods: readonly string[] = []): void {
  let lab: Lab;
  beforeEach(async () => take((lab = await startLab(pods))));
  afterEach(() => lab.stop());
}

export function labForAll(take: (lab: Lab) => void, pods: readonly string[] = []): void {
  let lab: Lab;
  before(async () => take((lab = await startLab(pods))));
  after(() => lab.stop());
}
