/**
 * The job's Kubernetes objects through the official client. Lists, never watches; a fresh token
 * for each pass; every call has a deadline.
 */
import { randomBytes } from 'node:crypto';
import { KubeConfig, KubernetesObjectApi, PatchStrategy } from '@kubernetes/client-node';
import { GoogleAuth } from 'google-auth-library';
import { z } from 'zod';
import { inParallel } from '../in-parallel.ts';
import { LARGE_WORKERS } from '../job/large-workers.ts';
import type { PodEnd } from '../job/death.ts';
import type { ClusterView } from '../ports/clusters.ts';
import { PortError } from '../ports/port-error.ts';
import type { Workload, WorkloadRequest, Workloads, WorkloadView } from '../ports/workloads.ts';
import { codeOf } from './error-code.ts';
import { KubernetesApi, withDeadline } from './kubernetes-api.ts';
import { observePodEnds, observeWorkload, SIGNED_AT } from './kubernetes-observe.ts';
import { type Manifest, manifestsFor, NAMESPACE } from './manifests.ts';

const PATCHES_AT_ONCE = 8;
const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';

/** What runs in a cluster, by the cluster's own API. `connect` throws PortError FF-KUBERNETES. */
export function connectWorkloads(): Workloads {
  const auth = new GoogleAuth({ scopes: ['https://www.googleapis.com/auth/cloud-platform'] });
  return {
    async connect(cluster: ClusterView): Promise<Workload> {
      const token = await withDeadline('asking for a token', () => auth.getAccessToken());
      return new KubernetesWorkload(kubeConfig(cluster, token ?? ''));
    },
  };
}

/** Also for clusters that are not GKE's: any KubeConfig will do. */
export function workloadOf(config: KubeConfig): Workload {
  return new KubernetesWorkload(config);
}

function kubeConfig(cluster: ClusterView, token: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [
      {
        name: cluster.name,
        server: `https://${cluster.endpoint}`,
        ...(cluster.caPem === '' ? {} : { caData: Buffer.from(cluster.caPem).toString('base64') }),
        skipTLSVerify: false,
      },
    ],
    users: [{ name: 'functions', token }],
    contexts: [{ name: 'job', cluster: cluster.name, user: 'functions' }],
    currentContext: 'job',
  });
  return config;
}

class KubernetesWorkload implements Workload {
  readonly #api: KubernetesApi;
  readonly #objects: KubernetesObjectApi;

  constructor(config: KubeConfig) {
    this.#api = new KubernetesApi(config);
    this.#objects = KubernetesObjectApi.makeApiClient(config);
  }

  observe(): Promise<WorkloadView> {
    return observeWorkload(this.#api);
  }

  podEnds(pods: readonly string[]): Promise<Record<string, PodEnd>> {
    return observePodEnds(this.#api, pods);
  }

  /**
   * Makes what is missing and leaves what is there, but for the inputs, which are replaced: their signatures run out.
   */
  async apply(request: WorkloadRequest): Promise<void> {
    const [first, ...rest] = manifestsFor(request);
    if (first) await this.#createIfMissing(first);
    await this.#createIfMissing(secret('redis', { password: randomBytes(24).toString('base64url') }));
    await this.#replaceInputs(request);
    for (const manifest of rest) await this.#createIfMissing(manifest);
  }

  async scaleWorkers(from: number, replicas: number, idlePods: string[], large = false): Promise<void> {
    const deployment = large ? LARGE_WORKERS : 'workers';
    const scale = `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/${deployment}/scale`;
    const resourceVersion = await this.#versionOfScale(scale, from);
    const body = { metadata: { annotations: { [DELETION_COST]: '-100' } } };
    await inParallel(PATCHES_AT_ONCE, idlePods, async (name) => {
      await this.#api.mergePatch(`marking pod ${name}`, `/api/v1/namespaces/${NAMESPACE}/pods/${name}`, body);
    });
    // The server refuses a version that is not the object's any more.
    const change = { metadata: { resourceVersion }, spec: { replicas } };
    try {
      await this.#api.mergePatch('scaling the workers', scale, change);
    } catch (error) {
      throw error instanceof PortError && codeOf(error.cause) === 409 ? changed(`while they were scaled`) : error;
    }
  }

  async #versionOfScale(path: string, from: number): Promise<string> {
    const scale = scaleObject.safeParse(await this.#api.getOrNull('looking at the workers', path));
    if (!scale.success)
      throw new PortError('FF-KUBERNETES', 'scaling the workers: there is no such Deployment', { retry: true });
    if (scale.data.spec.replicas !== from) throw changed(`there are ${scale.data.spec.replicas}, not ${from}`);
    return scale.data.metadata.resourceVersion;
  }

  async #createIfMissing(manifest: Manifest): Promise<void> {
    try {
      await withDeadline(`creating ${manifest.kind} ${manifest.metadata.name}`, () =>
        this.#objects.create(inClientSpelling(manifest)),
      );
    } catch (error) {
      if (!(error instanceof PortError && codeOf(error.cause) === 409)) throw error;
    }
  }

  async #replaceInputs(request: WorkloadRequest): Promise<void> {
    const manifest = secret('job', { 'inputs.json': JSON.stringify(request.inputs) });
    manifest.metadata.annotations = { [SIGNED_AT]: new Date().toISOString() };
    try {
      await withDeadline('creating the inputs', () => this.#objects.create(manifest));
    } catch (error) {
      if (!(error instanceof PortError && codeOf(error.cause) === 409)) throw error;
      await withDeadline('renewing the inputs', () =>
        this.#objects.patch(manifest, undefined, undefined, undefined, undefined, PatchStrategy.MergePatch),
      );
    }
  }
}

/** autoscaling/v1 Scale, as far as it matters. The server leaves a zero out. */
const scaleObject = z.object({
  metadata: z.object({ resourceVersion: z.string() }),
  spec: z.object({ replicas: z.number().default(0) }),
});

function changed(how: string): PortError {
  return new PortError('FF-WORKLOAD-CHANGED', `the number of workers has changed: ${how}`, { retry: true });
}

/**
 * The client writes `from` as `_from`, and drops without a word what it does not know: an ingress rule without its
 * sources lets everybody in.
 */
function inClientSpelling(manifest: Manifest): Manifest {
  if (manifest.kind !== 'NetworkPolicy' || manifest.spec?.ingress === undefined) return manifest;
  const ingress = manifest.spec.ingress.map(({ from, ...rule }) => ({ ...rule, _from: from }));
  return { ...manifest, spec: { ...manifest.spec, ingress } };
}

function secret(name: string, values: Record<string, string>): Manifest {
  const data = Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  );
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: NAMESPACE }, type: 'Opaque', data };
}
