/** status.json lies where users may write: what is none is refused with a remedy, and hides no other job. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Context } from '../../cli/command.ts';
import { status } from '../../cli/commands/status.ts';
import { terminalText } from '../../cli/output.ts';
import { readStatus, type Session } from '../../cli/session.ts';
import { JobWorld } from '../support/job-world.ts';

function sessionOf({ buckets }: JobWorld): Session {
  return { local: false, endpoints: null, buckets, uploadsBucket: 'uploads', resultsBucket: 'results' };
}

const NAME = 'jobs/demo/status.json';

describe('the status of a job', () => {
  it('is read as a pass has written it, in every phase', async () => {
    const world = new JobWorld();
    const there = await world.toRunning();
    const phases: string[] = [];
    const look = async (): Promise<void> => {
      const found = await readStatus(sessionOf(world), 'demo');
      const written: unknown = JSON.parse(world.buckets.uploads.objects.get(NAME)!.bytes.toString());
      assert.deepEqual(found, written);
      phases.push(found?.phase ?? '');
    };
    await look();
    there.driver = 'failed';
    there.errors = [{ id: '1-0', json: '{"loop":1,"iteration":7,"message":"no"}' }];
    there.outputs = [{ name: 'out.csv', bytes: 3, sha256: 'a'.repeat(64) }];
    await world.pass();
    await look();
    await world.untilGone(there);
    await look();
    assert.deepEqual(phases, ['running', 'draining', 'failed']);
  });

  it('of a newer version keeps what that has added', async () => {
    const world = new JobWorld();
    await world.toRunning();
    const written = JSON.parse(world.buckets.uploads.objects.get(NAME)!.bytes.toString()) as object;
    await world.buckets.uploads.write(NAME, JSON.stringify({ ...written, added: [1] }), {});
    assert.deepEqual(await readStatus(sessionOf(world), 'demo'), { ...written, added: [1] });
  });

  it('is nothing before the first pass', async () => {
    assert.equal(await readStatus(sessionOf(new JobWorld()), 'demo'), null);
  });

  const forged: [what: string, text: string][] = [
    ['no JSON', '{'],
    ['null', 'null'],
    ['an empty one', '{}'],
    ['a file of 17 MiB', ' '.repeat(17 * 1024 ** 2)],
  ];
  for (const [what, text] of forged)
    it(`is refused with a remedy when it is ${what}, and the others are listed`, async () => {
      const world = new JobWorld();
      await world.toRunning();
      await world.buckets.uploads.write('jobs/other/status.json', text, {});
      const session = sessionOf(world);
      await assert.rejects(readStatus(session, 'other'), { code: 'FF-STATUS-UNREADABLE' });
      const said: string[] = [];
      const notes: string[] = [];
      const context: Context = {
        json: false,
        state: undefined,
        say: (line = '') => said.push(terminalText(line)),
        sayJson: () => assert.fail(),
        note: (line) => notes.push(line),
        session: async () => session,
      };
      await status.run(context, {});
      assert.deepEqual([said.length, said[0]?.startsWith('demo '), notes.length], [1, true, 1]);
    });
});
