/** What is asked of Compute Engine, by the limits of its methods. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { GoogleAuth } from 'google-auth-library';
import { ComputeApi } from '../../../functions/adapters/compute-api.ts';

const GROUP = 'https://www.googleapis.com/compute/v1/projects/p/zones/z-1a/instanceGroupManagers/gke-workers-grp';

it('machines are deleted by at most a thousand at once: that is the limit of the method', async () => {
  const asked: string[][] = [];
  const request = async ({ url, data }: { url: string; data: { instances: string[] } }): Promise<object> => {
    assert.ok(url.endsWith('/zones/z-1a/instanceGroupManagers/gke-workers-grp/deleteInstances'));
    asked.push(data.instances);
    return { data: {} };
  };
  const names = Array.from({ length: 2001 }, (_, index) => `machine-${index}`);
  await new ComputeApi('p', null, { request } as unknown as GoogleAuth).deleteInstances(GROUP, names);
  const sizes = asked.map((instances) => instances.length);
  assert.deepEqual(sizes, [1000, 1000, 1]);
  const expected = names.map((name) => `zones/z-1a/instances/${name}`);
  assert.deepEqual(asked.flat(), expected);
});

/** A Compute Engine that gives these answers, one after the other. */
function answering(...answers: unknown[]): ComputeApi {
  const request = async (): Promise<{ data: unknown }> => ({ data: answers.shift() });
  return new ComputeApi('p', null, { request } as unknown as GoogleAuth);
}

describe('what Compute Engine answers', () => {
  it('is the size that a group should have', async () => {
    const calm = { targetSize: 3, refused: [], shortage: null };
    assert.deepEqual(await answering({ name: 'g', targetSize: 3, status: {} }).groupSize(GROUP), calm);
  });

  it('is which machines a group cannot get, and why: a machine that is there is none of them', async () => {
    const errors = (code: string): object => ({ errors: { errors: [{ code, message: 'no' }] } });
    const machine = (name: string, rest: object): object => ({
      instance: `https://c/zones/z/instances/${name}`,
      ...rest,
    });
    const managedInstances = [
      machine('there', { instanceStatus: 'RUNNING', lastAttempt: errors('ZONE_RESOURCE_POOL_EXHAUSTED') }),
      machine('new', { currentAction: 'CREATING' }),
      machine('hiccup', { lastAttempt: errors('INTERNAL_ERROR') }),
    ];
    const next = [
      machine('dry', { lastAttempt: errors('ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS') }),
      machine('quota', { lastAttempt: errors('QUOTA_EXCEEDED') }),
    ];
    const api = answering(
      { targetSize: 5, status: { isStable: false } },
      { managedInstances, nextPageToken: '2' },
      { managedInstances: next },
    );
    const shortage = 'ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS: no';
    assert.deepEqual(await api.groupSize(GROUP), { targetSize: 5, refused: ['dry', 'quota'], shortage });
  });

  it('is what quota leaves: Spot machines have one of their own where it is set', async () => {
    const quotas = [
      { metric: 'CPUS', limit: 24, usage: 20 },
      { metric: 'PREEMPTIBLE_CPUS', limit: 0, usage: 0 },
    ];
    const own = [...quotas, { metric: 'PREEMPTIBLE_CPUS', limit: 100, usage: 1.5 }];
    assert.equal(await answering({ quotas }).freeVcpus('r', true), 4);
    assert.equal(await answering({ quotas: own }).freeVcpus('r', true), 98.5);
    assert.equal(await answering({}).freeVcpus('r', false), null);
  });

  it('is what is left, over all pages and scopes; a disk that a machine uses is not', async () => {
    const zone = 'https://www.googleapis.com/compute/v1/projects/p/zones/z-1a';
    const disks = [
      {
        name: 'free',
        zone,
        labels: { 'foreach-fleet-job': 'demo' },
        creationTimestamp: '2026-11-26T12:00:00.000-08:00',
      },
      { name: 'used', zone, users: ['m'] },
    ];
    const unknown = { job: null, createdMs: Infinity };
    const warning = { code: 'NO_RESULTS_ON_PAGE', message: 'none', data: [] };
    // Three kinds and templates are asked for at once, so each answer stands for the first page of one of them.
    const found = await answering(
      { items: { 'zones/z-1a': { disks }, 'zones/z-1b': { warning } }, nextPageToken: '2' },
      { items: { global: { addresses: [{ name: 'address' }] } } },
      {},
      {},
      { items: { 'zones/z-1a': { disks: [{ name: 'next', zone }] } } },
    ).leftovers({ job: 'demo' });
    assert.deepEqual(found, [
      { kind: 'disk', name: 'free', location: 'zones/z-1a', job: 'demo', createdMs: Date.UTC(2026, 10, 26, 20) },
      { kind: 'disk', name: 'next', location: 'zones/z-1a', ...unknown },
      { kind: 'address', name: 'address', location: 'global', ...unknown },
    ]);
  });

  const others: [what: string, answer: unknown][] = [
    ['a page of a proxy', '<html>hello</html>'],
    ['nothing', null],
    ['a size that is none', { targetSize: 'three' }],
  ];
  for (const [what, answer] of others)
    it(`is not ${what}: it is asked again`, async () => {
      await assert.rejects(answering(answer).groupSize(GROUP), { code: 'FF-COMPUTE', retry: true });
    });

  it('is not a list whose items have no names', async () => {
    const list = { items: { global: { disks: [{}] } } };
    await assert.rejects(answering(list, {}, {}, {}).leftovers({}), { code: 'FF-COMPUTE', retry: true });
  });
});
