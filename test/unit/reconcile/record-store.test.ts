/** The status beside the upload: a user may have put anything there, and the next pass writes the job's own. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type JobStatus, statusView } from '../../../functions/job/job-status.ts';
import { newRecord } from '../../../functions/job/job-record.ts';
import { saveStatus } from '../../../functions/reconcile/record-store.ts';
import { VirtualWorld } from '../../../testing/virtual-ports.ts';

const NAME = 'jobs/demo/status.json';
const NOW_MS = Date.parse('2026-11-26T12:00:00Z');
const record = newRecord('demo', '2026-11-26T12:00:00.000Z');

interface Saved {
  text: string;
  status: JobStatus;
}

/** The status of a record that may have been written anew since. */
async function savedOver(before: (status: JobStatus) => string | null, isOvertaken = false): Promise<Saved> {
  const { buckets } = new VirtualWorld();
  const generation = await buckets.state.write('jobs/demo.json', '{}', {});
  const status = statusView(record, NOW_MS, generation);
  const text = before(status);
  if (text !== null) await buckets.uploads.write(NAME, text, {});
  if (isOvertaken) await buckets.state.write('jobs/demo.json', '{"later": true}', {});
  await saveStatus(buckets, status);
  return { text: buckets.uploads.objects.get(NAME)!.bytes.toString(), status };
}

describe('the status', () => {
  const anything: [what: string, before: string | null][] = [
    ['nothing', null],
    ['a file of 17 MiB', ' '.repeat(17 * 1024 ** 2)],
    ['no JSON', '{'],
    ['null', 'null'],
    ['a list', '[{"revision":"9999"}]'],
    ['a revision that is none', '{"revision":"latest"}'],
    ['a revision of some thousand years hence', `{"revision":"${'9'.repeat(20)}","phase":"succeeded"}`],
  ];
  for (const [what, before] of anything)
    it(`is written over ${what}`, async () => {
      const { text, status } = await savedOver(() => before);
      assert.equal(text, `${JSON.stringify(status, null, 2)}\n`);
    });

  it('is written over the status of an earlier record', async () => {
    const { text, status } = await savedOver((saved) => JSON.stringify({ ...saved, revision: '1', phase: 'running' }));
    assert.equal(text, `${JSON.stringify(status, null, 2)}\n`);
  });

  it('of a record that was written anew is left to who did it', async () => {
    const later = '{"phase":"running"}';
    assert.equal((await savedOver(() => later, true)).text, later);
  });

  it('that says the same stays', async () => {
    const same = (status: JobStatus): string => JSON.stringify({ ...status, revision: '1', updatedAt: 'earlier' });
    const { text, status } = await savedOver(same);
    assert.equal(text, same(status));
  });
});
