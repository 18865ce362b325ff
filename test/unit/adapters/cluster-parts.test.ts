/** Whose a part of a cluster is that has no labels: what our templates vouch for, and nothing else. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { partsOf } from '../../../functions/adapters/cluster-parts.ts';

const TAG = 'gke-ff-demo-1-0a1b2c3d-node';
const template = {
  name: 'gke-ff-demo-1-workers-0a1b2c3d',
  properties: { labels: { 'foreach-fleet-job': 'demo' }, tags: { items: [TAG, 'web'] } },
};
const link = (name: string): string =>
  `https://www.googleapis.com/compute/v1/projects/p/global/instanceTemplates/${name}`;

describe('a part of a cluster', () => {
  const groups: [what: string, instanceTemplate: string | undefined, isOurs: boolean][] = [
    ['of our template', link(template.name), true],
    ["of somebody else's template", link('gke-ff-demo-1-workers-ffffffff'), false],
    ['of none', undefined, false],
  ];
  for (const [what, instanceTemplate, isOurs] of groups)
    it(`is ${isOurs ? 'ours' : 'not ours'}: a group ${what}, whatever its name`, () => {
      const group = { name: 'gke-ff-demo-1-workers-0a1b2c3d-grp', instanceTemplate };
      const found = partsOf([template], [group as { name: string }], []);
      const expected = isOurs ? ['instance-group', 'demo'] : ['instance-template', 'demo'];
      assert.deepEqual(
        found.map(({ kind, job }) => [kind, job]),
        [expected],
      );
    });

  const rules: [what: string, targetTags: string[] | undefined, isOurs: boolean][] = [
    ["of our machines' own tag", [TAG], true],
    ['of ours and of others', [TAG, 'gke-other-1-0a1b2c3d-node'], false],
    ['of a tag that anybody may use', ['web'], false],
    ['of all machines', undefined, false],
    ['of all machines, too', [], false],
  ];
  for (const [what, targetTags, isOurs] of rules)
    it(`is ${isOurs ? 'ours' : 'not ours'}: a firewall rule ${what}`, () => {
      const rule = { name: 'gke-ff-demo-1-0a1b2c3d-all', targetTags };
      const kinds = partsOf([template], [], [rule as { name: string }]).map(({ kind }) => kind);
      assert.deepEqual(kinds, [isOurs ? 'firewall' : 'instance-template']);
    });
});
