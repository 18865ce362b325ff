/** The status beside the upload: a user may have put anything there, and the next pass writes the job's own. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { statusView } from '../../../functions/job/job-status.ts';
import { newRecord } from '../../../functions/job/job-record.ts';
import { saveStatus } from '../../../functions/reconcile/record-store.ts';
import { VirtualWorld } from '../../../testing/virtual-ports.ts';

const NAME = 'jobs/demo/status.json';
const record = newRecord('demo', '2026-11-26T12:00:00.000Z');
const status = statusView(record, Date.parse('2026-11-26T12:00:00Z'), '1000');

async function savedOver(before: string | null, uploads = new VirtualWorld().buckets.uploads): Promise<string> {
  if (before !== null) await uploads.write(NAME, before, {});
  await saveStatus(uploads, status);
  return uploads.objects.get(NAME)!.bytes.toString();
}

describe('the status', () => {
  const written = `${JSON.stringify(status, null, 2)}\n`;
  const anything: [what: string, before: string | null][] = [
    ['nothing', null],
    ['a file of 17 MiB', ' '.repeat(17 * 1024 ** 2)],
    ['no JSON', '{'],
    ['null', 'null'],
    ['a list', '[{"revision":"9999"}]'],
    ['a revision that is none', '{"revision":"latest"}'],
    ['the status of an earlier record', JSON.stringify({ ...status, revision: '999', phase: 'running' })],
  ];
  for (const [what, before] of anything)
    it(`is written over ${what}`, async () => assert.equal(await savedOver(before), written));

  it('of a later record stays', async () => {
    const later = JSON.stringify({ ...status, revision: '1001', phase: 'running' });
    assert.equal(await savedOver(later), later);
  });

  it('that says the same stays', async () => {
    const same = JSON.stringify({ ...status, revision: '999', updatedAt: 'earlier' });
    assert.equal(await savedOver(same), same);
  });
});
