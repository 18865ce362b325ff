/**
 * The YAML of manifests/, adapted to one job. The files stay plain Kubernetes: everything a job
 * changes is changed here, on the parsed objects.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { LARGE_WORKERS } from '../job/large-workers.ts';
import type { WorkloadRequest } from '../ports/workloads.ts';

export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  [key: string]: any;
}

export const NAMESPACE = 'foreach-fleet';

/** Placeholders for use by hand; the real Secrets are made by the adapter. */
const NOT_FOR_FUNCTIONS = /secrets/;

export function readManifests(folder: URL = new URL('../../manifests/', import.meta.url)): Manifest[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml') && !NOT_FOR_FUNCTIONS.test(name));
  return files
    .toSorted()
    .flatMap((name) =>
      parseAllDocuments(readFileSync(new URL(name, folder), 'utf8')).map((document) => document.toJS() as Manifest),
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
    const container = manifest['spec']?.template?.spec?.containers?.[0];
    if (manifest.kind === 'Deployment' && manifest.metadata.name === 'redis') container.image = request.redisImage;
    if (manifest.metadata.name === 'driver' && manifest.kind === 'Job') adaptComputePod(manifest, request);
    if (manifest.metadata.name === 'workers')
      adaptWorkers(manifest, request, request.workers, request.worker.memoryBytes);
    if (manifest.metadata.name === LARGE_WORKERS) adaptWorkers(manifest, request, 0, request.largeMemoryBytes ?? 0);
    return manifest;
  });
}

/** Beside the workers the same with another name, which take tasks from another queue. */
function withLarge(templates: Manifest[], request: WorkloadRequest): Manifest[] {
  const workers = templates.find(({ metadata }) => metadata.name === 'workers');
  if (workers === undefined || request.largeMemoryBytes === null) return templates;
  const large = structuredClone(workers);
  large.metadata.name = LARGE_WORKERS;
  const { selector, template } = large['spec'];
  const label = { 'foreach-fleet/memory': 'large' };
  Object.assign(selector.matchLabels, label);
  Object.assign(template.metadata.labels, label);
  template.spec.containers[0].env.push({ name: 'FF_LARGE', value: 'yes' });
  return [...templates, large];
}

function adaptWorkers(manifest: Manifest, request: WorkloadRequest, replicas: number, memoryBytes: number): void {
  adaptComputePod(manifest, request);
  manifest['spec'].replicas = replicas;
  const { resources } = manifest['spec'].template.spec.containers[0];
  const memory = String(memoryBytes);
  resources.requests = { ...resources.requests, cpu: String(request.worker.cpu), memory };
  resources.limits = { ...resources.limits, memory };
}

function adaptComputePod(manifest: Manifest, request: WorkloadRequest): void {
  const template = manifest['spec'].template;
  template.metadata.labels = { ...template.metadata.labels, 'foreach-fleet/job': request.job };
  template.spec.terminationGracePeriodSeconds = request.graceSeconds;
  const [container] = template.spec.containers;
  container.image = request.image;
  const ours = container.env.map((variable: { name: string; value?: string }) =>
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
