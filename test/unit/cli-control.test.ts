/** What the command answers when a job is asked for something that its phase does not allow. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { resume } from '../../cli/commands/resume.ts';
import { request } from '../../cli/control.ts';
import { paths } from '../../functions/job/names.ts';
import { isTerminal, PHASES } from '../../functions/job/phase.ts';
import { runOn, tellStatus, virtualSession } from '../support/virtual-session.ts';

const RESUME = paths.control('demo', 'resume');

describe('resume', () => {
  for (const phase of PHASES.filter((one) => !isTerminal(one) && one !== 'draining' && one !== 'deleting'))
    it(`of a job that is ${phase} is refused: nothing would follow`, async () => {
      const session = virtualSession();
      await tellStatus(session, 'demo', { phase, ended: false, attempt: 2 });
      const { code, out, thrown } = await runOn(session, resume, { words: ['demo'] });
      assert.deepEqual([code, out, thrown?.code], [2, '', 'FF-STILL-RUNNING']);
      assert.match(thrown?.remedy ?? '', /foreach-fleet watch demo/);
      assert.equal(await session.buckets.uploads.info(RESUME), null);
    });

  for (const phase of ['draining', 'deleting'] as const)
    it(`of a job that is ${phase} is asked for: the next attempt begins after it`, async () => {
      const session = virtualSession();
      await tellStatus(session, 'demo', { phase, ended: false });
      const { code, out } = await runOn(session, resume, { words: ['demo'] });
      assert.equal(code, 0);
      assert.match(out, /^asked to resume demo/);
      assert.ok(await session.buckets.uploads.info(RESUME));
    });

  for (const kind of ['pause', 'cancel'] as const)
    it(`of a job that runs, right after ${kind} was asked for, is asked for as well`, async () => {
      const session = virtualSession();
      await tellStatus(session, 'demo', { phase: 'running', ended: false });
      await request(session, 'demo', kind);
      assert.equal((await runOn(session, resume, { words: ['demo'] })).code, 0);
      assert.ok(await session.buckets.uploads.info(RESUME));
    });
});
