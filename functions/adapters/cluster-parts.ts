/**
 * Whose an instance group, an instance template or a firewall rule is that GKE has made; pure. They have no labels of
 * their own. A template has those of its cluster in what it makes machines of; a group names its template; a rule names
 * the tags of the machines that it is for. What none of our templates vouches for is taken for somebody else's,
 * whatever its name is.
 */
import * as z from 'zod';
import { LABEL_JOB } from '../job/names.ts';
import type { Leftover } from '../ports/clusters.ts';

export const clusterPart = z.object({
  name: z.string(),
  /** Of a group: a URL. */
  instanceTemplate: z.string().optional(),
  /** Of a firewall rule. */
  targetTags: z.array(z.string()).optional(),
  /** Of a template. */
  properties: z
    .object({
      labels: z.record(z.string(), z.string()).optional(),
      tags: z.object({ items: z.array(z.string()).optional() }).optional(),
    })
    .optional(),
});
type ClusterPart = z.output<typeof clusterPart>;

export interface OwnedPart<Part> {
  kind: Leftover['kind'];
  item: Part;
  job: string | null;
}

/** A template goes last: without it nobody would know whose the others are. */
export function partsOf<Part extends ClusterPart>(
  templates: readonly Part[],
  groups: readonly Part[],
  firewalls: readonly Part[],
): OwnedPart<Part>[] {
  const byName = new Map(templates.map((template) => [template.name, template]));
  const byTag = new Map(templates.flatMap((template) => tagsOf(template).map((tag) => [tag, template] as const)));
  const needed = new Set<Part>();
  const owned = (kind: Leftover['kind'], item: Part, template: Part): OwnedPart<Part> => {
    needed.add(template);
    return { kind, item, job: jobOf(template) };
  };
  const parts = [
    ...firewalls.flatMap((item) => {
      const tags = item.targetTags ?? [];
      const template = byTag.get(tags[0] ?? '');
      return template !== undefined && tags.every((tag) => byTag.has(tag)) ? owned('firewall', item, template) : [];
    }),
    ...groups.flatMap((item) => {
      const template = byName.get((item.instanceTemplate ?? '').split('/').at(-1) ?? '');
      return template === undefined ? [] : owned('instance-group', item, template);
    }),
  ];
  const idle = templates.filter((template) => !needed.has(template));
  return [...parts, ...idle.map((item) => ({ kind: 'instance-template' as const, item, job: jobOf(item) }))];
}

/** The tag that GKE gives the machines of one cluster; others may be those of several. */
function tagsOf(template: ClusterPart): string[] {
  return (template.properties?.tags?.items ?? []).filter((tag) => /^gke-.+-[0-9a-f]{8}-node$/.test(tag));
}

function jobOf(template: ClusterPart): string | null {
  return template.properties?.labels?.[LABEL_JOB] ?? null;
}
