/** The job's Kubernetes objects through the official client. Lists, never watches; a fresh token for each pass; every call has a deadline. */
import { randomBytes } from 'node:crypto';
import {
  AppsV1Api,
  BatchV1Api,
  CoreV1Api,
  KubeConfig,
  KubernetesObjectApi,
  PatchStrategy,
  setHeaderOptions,
} from '@kubernetes/client-node';
import { GoogleAuth } from 'google-auth-library';
import { inParallel } from '../job/in-parallel.ts';
import type { ClusterView } from '../ports/clusters.ts';
import { messageOf, PortError } from '../ports/port-error.ts';
import type { Workload, WorkloadRequest, Workloads, WorkloadView } from '../ports/workloads.ts';
import { driverOf, toNode, toPod } from './kubernetes-views.ts';
import { type Manifest, manifestsFor, NAMESPACE } from './manifests.ts';

const CALL_MS = 15_000;
const PATCHES_AT_ONCE = 16;
const SIGNED_AT = 'foreach-fleet/inputs-signed-at';
const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';

export function connectWorkloads(): Workloads {
  const auth = new GoogleAuth({ scopes: ['https://www.googleapis.com/auth/cloud-platform'] });
  return {
    async connect(cluster: ClusterView): Promise<Workload> {
      const token = await withDeadline('asking for a token', auth.getAccessToken());
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
  readonly #core: CoreV1Api;
  readonly #apps: AppsV1Api;
  readonly #batch: BatchV1Api;
  readonly #objects: KubernetesObjectApi;

  constructor(config: KubeConfig) {
    this.#core = config.makeApiClient(CoreV1Api);
    this.#apps = config.makeApiClient(AppsV1Api);
    this.#batch = config.makeApiClient(BatchV1Api);
    this.#objects = KubernetesObjectApi.makeApiClient(config);
  }

  async observe(): Promise<WorkloadView> {
    const namespace = NAMESPACE;
    const [pods, nodes, driver, workers, redis, password, inputs] = await Promise.all([
      withDeadline('listing pods', this.#core.listNamespacedPod({ namespace })),
      withDeadline('listing nodes', this.#core.listNode()),
      orNull('the driver', this.#batch.readNamespacedJob({ namespace, name: 'driver' })),
      orNull('the workers', this.#apps.readNamespacedDeployment({ namespace, name: 'workers' })),
      orNull('Redis', this.#apps.readNamespacedDeployment({ namespace, name: 'redis' })),
      orNull('the password', this.#core.readNamespacedSecret({ namespace, name: 'redis' })),
      orNull('the inputs', this.#core.readNamespacedSecret({ namespace, name: 'job' })),
    ]);
    const views = pods.items.flatMap((pod) => toPod(pod) ?? []);
    const redisPod = views.find((pod) => pod.role === 'redis' && pod.ready && !pod.deleting);
    const secret = password?.data?.['password'];
    const signedAt = inputs?.metadata?.annotations?.[SIGNED_AT];
    const attempt = driver?.metadata?.labels?.['foreach-fleet/attempt'];
    return {
      applied: driver !== null && workers !== null && redis !== null,
      attempt: attempt === undefined ? null : Number(attempt),
      ...driverOf(driver, pods.items),
      workersWanted: workers?.spec?.replicas ?? 0,
      pods: views,
      nodes: nodes.items.map(toNode),
      redis:
        redisPod?.address && secret
          ? { address: redisPod.address, password: Buffer.from(secret, 'base64').toString('utf8') }
          : null,
      inputsSignedMs: signedAt === undefined ? null : Date.parse(signedAt),
    };
  }

  /** Makes what is missing and leaves what is there, but for the inputs, which are replaced: their signatures run out. */
  async apply(request: WorkloadRequest): Promise<void> {
    const [first, ...rest] = manifestsFor(request);
    if (first) await this.#createIfMissing(first);
    await this.#createIfMissing(secret('redis', { password: randomBytes(24).toString('base64url') }));
    await this.#replaceInputs(request);
    for (const manifest of rest) await this.#createIfMissing(manifest);
  }

  async scaleWorkers(replicas: number, idlePods: string[]): Promise<void> {
    const merge = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);
    const body = { metadata: { annotations: { [DELETION_COST]: '-100' } } };
    await inParallel(PATCHES_AT_ONCE, idlePods, async (name) => {
      await orNull(`pod ${name}`, this.#core.patchNamespacedPod({ namespace: NAMESPACE, name, body }, merge));
    });
    await withDeadline(
      'scaling the workers',
      this.#apps.patchNamespacedDeploymentScale(
        { namespace: NAMESPACE, name: 'workers', body: { spec: { replicas } } },
        merge,
      ),
    );
  }

  async #createIfMissing(manifest: Manifest): Promise<void> {
    try {
      await withDeadline(
        `creating ${manifest.kind} ${manifest.metadata.name}`,
        this.#objects.create(inClientSpelling(manifest)),
      );
    } catch (error) {
      if (!(error instanceof PortError && statusOf(error.cause) === 409)) throw error;
    }
  }

  async #replaceInputs(request: WorkloadRequest): Promise<void> {
    const manifest = secret('job', { 'inputs.json': JSON.stringify(request.inputs) });
    manifest.metadata.annotations = { [SIGNED_AT]: new Date().toISOString() };
    try {
      await withDeadline('creating the inputs', this.#objects.create(manifest));
    } catch (error) {
      if (!(error instanceof PortError && statusOf(error.cause) === 409)) throw error;
      await withDeadline(
        'renewing the inputs',
        this.#objects.patch(manifest, undefined, undefined, undefined, undefined, PatchStrategy.MergePatch),
      );
    }
  }
}

/** The client writes `from` as `_from`, and drops without a word what it does not know: an ingress rule without its sources lets everybody in. */
function inClientSpelling(manifest: Manifest): Manifest {
  if (manifest.kind !== 'NetworkPolicy' || manifest['spec'].ingress === undefined) return manifest;
  const ingress = manifest['spec'].ingress.map(({ from, ...rule }: { from?: unknown }) => ({ ...rule, _from: from }));
  return { ...manifest, spec: { ...manifest['spec'], ingress } };
}

function secret(name: string, values: Record<string, string>): Manifest {
  const data = Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  );
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: NAMESPACE }, type: 'Opaque', data };
}

function statusOf(error: unknown): number | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'number' ? code : undefined;
}

async function orNull<T>(what: string, call: Promise<T>): Promise<T | null> {
  try {
    return await withDeadline(`reading ${what}`, call);
  } catch (error) {
    if (error instanceof PortError && statusOf(error.cause) === 404) return null;
    throw error;
  }
}

/** The client has no deadline of its own; a call that is given up may still end later, which does no harm: every call is idempotent. */
async function withDeadline<T>(doing: string, call: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${CALL_MS} ms`)), CALL_MS);
  });
  try {
    return await Promise.race([call, deadline]);
  } catch (cause) {
    const status = statusOf(cause);
    const text = messageOf(cause).split('\n').slice(0, 3).join(' ').slice(0, 400);
    throw new PortError('FF-KUBERNETES', `${doing}: ${text}`, {
      retry: status === undefined || status === 409 || status === 429 || status >= 500,
      cause,
    });
  } finally {
    clearTimeout(timer);
  }
}
