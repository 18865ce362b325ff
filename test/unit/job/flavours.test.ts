/** Kinds of machine: which, in which order, under which names; and which are not asked for again, and until when. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { flavoursOf, flavourText, poolName } from '../../../functions/job/flavours.ts';
import { nextFlavour, type Refusal, shortageText, withRefusal } from '../../../functions/job/shortage.ts';
import { NOW_MS, specOf } from '../../support/plan-fixtures.ts';

const ZONES = ['us-central1-a', 'us-central1-b', 'europe-west1-b'];
const kinds = (lines: string): string[] => flavoursOf(specOf(lines), 'us-central1-b', ZONES).map(flavourText);

describe('the kinds of machine of a job', () => {
  it('are Spot ones in every zone of the region, then on-demand ones, from the zone of the cluster on', () => {
    assert.deepEqual(kinds(''), [
      'e2-standard-4 Spot in us-central1-b',
      'e2-standard-4 Spot in us-central1-a',
      'e2-standard-4 in us-central1-b',
      'e2-standard-4 in us-central1-a',
    ]);
  });

  it('are of the types of the job file in their order, but for those that hold no worker', () => {
    const types = 'machines: {spot: only, types: [n2-standard-8, e2-standard-2, e2-standard-8]}\nworker: {cpu: 3}';
    assert.deepEqual(kinds(types), [
      'n2-standard-8 Spot in us-central1-b',
      'n2-standard-8 Spot in us-central1-a',
      'e2-standard-8 Spot in us-central1-b',
      'e2-standard-8 Spot in us-central1-a',
    ]);
    assert.deepEqual(kinds('machines: {spot: never}')[0], 'e2-standard-4 in us-central1-b');
  });

  it('have a pool each, whose name GKE takes', () => {
    const types = 'machines: {types: [e2-standard-4, n2-custom-96-638976-ext]}';
    const names = flavoursOf(specOf(types), 'us-central1-b', ZONES).map(poolName);
    assert.equal(new Set(names).size, names.length);
    for (const name of names) assert.match(name, /^[a-z](?:[-a-z0-9]{0,38}[a-z0-9])?$/);
    assert.equal(names[0], 'ws-b-e2-standard-4');
  });
});

describe('a kind that the cloud has not', () => {
  const [first, second] = flavoursOf(specOf('machines: {spot: only}'), 'us-central1-b', ZONES);
  assert.ok(second !== undefined);
  const minutes = (count: number): number => NOW_MS + count * 60_000;

  it('is not asked for again for ten minutes, then for longer, an hour at most', () => {
    let refusals: Refusal[] = [];
    let nowMs = NOW_MS;
    const waits: number[] = [];
    for (let time = 0; time < 5; time += 1) {
      refusals = withRefusal(refusals, first, 'none', nowMs);
      const until = Date.parse(refusals[0]?.until ?? '');
      waits.push((until - nowMs) / 60_000);
      assert.equal(nextFlavour([first], refusals, until - 1), null);
      assert.equal(nextFlavour([first], refusals, until), first);
      nowMs = until;
    }
    assert.deepEqual(waits, [10, 20, 40, 60, 60]);
  });

  it('is refused once, however often the same shortage is seen', () => {
    const before = withRefusal([], first, 'none', NOW_MS);
    assert.deepEqual(withRefusal(before, first, 'none', minutes(9)), before);
  });

  it('leaves the others, and says so', () => {
    const one = withRefusal([], first, 'none', NOW_MS);
    assert.equal(shortageText([first, second], [], NOW_MS), null);
    assert.equal(nextFlavour([first, second], one, NOW_MS), second);
    assert.equal(
      shortageText([first, second], one, NOW_MS),
      'no e2-standard-4 Spot in us-central1-b, trying e2-standard-4 Spot in us-central1-a',
    );
    const both = withRefusal(one, second, 'none', minutes(1));
    assert.equal(nextFlavour([first, second], both, minutes(1)), null);
    assert.match(
      shortageText([first, second], both, minutes(1)) ?? '',
      /^no .*-b, no .*-a, trying again at 2026-11-23T12:10:00.000Z$/,
    );
  });
});
