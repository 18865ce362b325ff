/**
 * The YAML of manifests/, adapted to one job. The files stay plain Kubernetes: everything a job
 * changes is changed here, on the parsed objects.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import * as z from 'zod';
import { assert } from '../job/assert.ts';
import { LARGE_WORKERS } from '../job/large-workers.ts';
import type { WorkloadRequest } from '../ports/workloads.ts';

const labels = z.record(z.string(), z.string());
const amounts = z.record(z.string(), z.union([z.string(), z.number()]));
const containerSchema = z.looseObject({
  image: z.string(),
  env: z.array(z.looseObject({ name: z.string() })).default([]),
  resources: z.looseObject({ requests: amounts, limits: amounts }),
});
const podTemplateSchema = z.looseObject({
  metadata: z.looseObject({ labels }),
  spec: z.looseObject({ containers: z.tuple([containerSchema], containerSchema) }),
});
/** What is read or changed of an object; all the rest stays as it is written. */
const manifestSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().exactOptional(),
    labels: labels.exactOptional(),
    annotations: labels.exactOptional(),
  }),
  spec: z
    .looseObject({
      selector: z.looseObject({ matchLabels: labels.exactOptional() }).exactOptional(),
      template: podTemplateSchema.exactOptional(),
      ingress: z.array(z.looseObject({ from: z.unknown().optional() })).exactOptional(),
    })
    .exactOptional(),
});

export type Manifest = z.infer<typeof manifestSchema>;
type PodTemplate = z.infer<typeof podTemplateSchema>;

export const NAMESPACE = 'foreach-fleet';

/** Placeholders for use by hand; the real Secrets are made by the adapter. */
const NOT_FOR_FUNCTIONS = /secrets/;

/** The objects of a job as the YAML files have them, in the order of the files. Throws for one that is none. */
export function readManifests(folder: URL = new URL('../../manifests/', import.meta.url)): Manifest[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml') && !NOT_FOR_FUNCTIONS.test(name));
  return files
    .toSorted()
    .flatMap((name) =>
      parseAllDocuments(readFileSync(new URL(name, folder), 'utf8')).map((each) => manifestSchema.parse(each.toJS())),
    );
}

/** The objects of one job, in the order in which they must be made. */
export function manifestsFor(request: WorkloadRequest, templates: Manifest[] = readManifests()): Manifest[] {
  return withLarge(templates, request).map((template) => {
    const manifest = structuredClone(template);
    manifest.metadata.labels = {
      ...manifest.metadata.labels,
      'foreach-fleet/job': request.job,
      'foreach-fleet/attempt': String(request.attempt),
    };
    const { template: pod } = manifest.spec ?? {};
    if (pod === undefined) return manifest;
    const [container] = pod.spec.containers;
    if (manifest.kind === 'Deployment' && manifest.metadata.name === 'redis') container.image = request.redisImage;
    if (manifest.metadata.name === 'driver' && manifest.kind === 'Job') adaptComputePod(pod, request);
    if (manifest.metadata.name === 'workers')
      return adaptWorkers(manifest, pod, request, request.workers, request.worker.memoryBytes);
    if (manifest.metadata.name === LARGE_WORKERS)
      return adaptWorkers(manifest, pod, request, 0, request.largeMemoryBytes ?? 0);
    return manifest;
  });
}

/** Beside the workers the same with another name, which take tasks from another queue. */
function withLarge(templates: Manifest[], request: WorkloadRequest): Manifest[] {
  const workers = templates.find(({ metadata }) => metadata.name === 'workers');
  if (workers === undefined || request.largeMemoryBytes === null) return templates;
  const large = structuredClone(workers);
  large.metadata.name = LARGE_WORKERS;
  const { selector, template } = large.spec ?? {};
  assert(selector !== undefined && template !== undefined, 'the workers are a Deployment');
  const label = { 'foreach-fleet/memory': 'large' };
  selector.matchLabels = { ...selector.matchLabels, ...label };
  Object.assign(template.metadata.labels, label);
  template.spec.containers[0].env.push({ name: 'FF_LARGE', value: 'yes' });
  return [...templates, large];
}

function adaptWorkers(
  manifest: Manifest,
  pod: PodTemplate,
  request: WorkloadRequest,
  replicas: number,
  memoryBytes: number,
): Manifest {
  adaptComputePod(pod, request);
  const [{ resources }] = pod.spec.containers;
  const memory = String(memoryBytes);
  resources.requests = { ...resources.requests, cpu: String(request.worker.cpu), memory };
  resources.limits = { ...resources.limits, memory };
  return { ...manifest, spec: { ...manifest.spec, replicas } };
}

function adaptComputePod(template: PodTemplate, request: WorkloadRequest): void {
  template.metadata.labels = { ...template.metadata.labels, 'foreach-fleet/job': request.job };
  template.spec['terminationGracePeriodSeconds'] = request.graceSeconds;
  const [container] = template.spec.containers;
  container.image = request.image;
  const ours = container.env.map((variable) =>
    variable.name === 'FF_GRACE_SECONDS' ? { ...variable, value: String(request.graceSeconds) } : variable,
  );
  const theirs = Object.entries(request.env).map(([name, value]) => ({
    name,
    value: value.replaceAll('$', () => '$$'),
  }));
  container.env = [
    { name: 'FF_JOB', value: request.job },
    { name: 'FF_ATTEMPT', value: String(request.attempt) },
    ...ours,
    ...theirs,
  ];
}
