/** What is asked of Compute Engine, by the limits of its methods. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
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
