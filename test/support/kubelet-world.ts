/** An API server, kubelets on it, and short ways to look at both: what the kubelet's contract tests stand on. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { asEvents, asPod } from '../../local-cloud/kubelet/answers.ts';
import { KubeApi, corePath, isNotFound } from '../../local-cloud/kubelet/api.ts';
import { systemClock, type Clock } from '../../local-cloud/clock.ts';
import { startKubelet } from '../../local-cloud/kubelet/kubelet.ts';
import { realTiming } from '../../local-cloud/kubelet/timing.ts';
import type { ImageMap, KubeletOptions, LogLine, Pod, RunningKubelet } from '../../local-cloud/kubelet/types.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { KubeletClient, kubeConfigOf } from './kubelet-client.ts';

export interface ApiServer {
  url: string;
  caPem: string;
  token: string;
  stop(): Promise<void>;
}

export const TEST_IMAGE = 'registry.test/tools:1';

/** One image that has this machine's own programs. */
export const testImages: ImageMap = {
  resolveImage: (image) =>
    image === TEST_IMAGE
      ? { root: [], env: { IMAGE_VARIABLE: 'from image' }, path: '/usr/local/bin:/usr/bin:/bin', id: 'sha256:test' }
      : undefined,
};

/** A timer of Node may come a moment before Date.now() says that it is time: here each does. */
const hastyClock: Clock = { ...systemClock, after: (ms, action) => systemClock.after(Math.max(0, ms - 2), action) };

const withConditions = z.object({
  status: z.object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })).optional() }).optional(),
});

export class KubeletWorld {
  readonly server: ApiServer;
  readonly api: KubeApi;
  readonly client: KubeletClient;
  readonly dir = mkdtempSync(join(tmpdir(), 'kubelet-test-'));
  readonly lines: LogLine[] = [];
  readonly #kubelets: RunningKubelet[] = [];
  readonly #children: ChildProcess[] = [];
  readonly #network = `127.${64 + (process.pid % 128)}`;
  #nodes = 0;

  constructor(server: ApiServer) {
    this.server = server;
    this.api = new KubeApi({ server: server.url, caPem: server.caPem, token: server.token }, 10_000);
    this.client = new KubeletClient(server);
    writeFileSync(this.kubeconfig, kubeConfigOf(server).exportConfig(), { mode: 0o600 });
  }

  get kubeconfig(): string {
    return join(this.dir, 'kubeconfig');
  }

  /** Options of a node of this world; times are short, back-off is a hundredth of the real one. */
  options(name: string, overrides: Partial<KubeletOptions> = {}): KubeletOptions {
    const resources = { cpu: 4, memoryBytes: 4 * 2 ** 30, ephemeralStorage: '94Gi', pods: 110 };
    this.#nodes += 1;
    return {
      connect: { server: this.server.url, caPem: this.server.caPem, token: this.server.token },
      cluster: 'test',
      node: {
        name,
        labels: { 'cloud.google.com/gke-nodepool': 'workers', 'topology.kubernetes.io/zone': 'europe-west1-b' },
        annotations: {},
        taints: [],
        providerId: `gce://local/europe-west1-b/${name}`,
        machineType: 'e2-standard-4',
        capacity: resources,
        allocatable: resources,
        addressPrefix: `${this.#network}.${this.#nodes}`,
      },
      dir: join(this.dir, 'nodes', name),
      images: testImages,
      onLogLine: (line) => this.lines.push(line),
      timing: {
        backOffInitialMs: 100,
        backOffMaxMs: 3000,
        retryMs: 200,
        volumeRefreshMs: 600,
        memoryCheckMs: 200,
        resyncMs: realTiming.resyncMs,
      },
      ...overrides,
    };
  }

  async startNode(name: string, overrides: Partial<KubeletOptions> = {}): Promise<RunningKubelet> {
    return this.startWith(this.options(name, overrides));
  }

  async startWith(options: KubeletOptions): Promise<RunningKubelet> {
    const kubelet = await startKubelet({ clock: hastyClock, ...options });
    this.#kubelets.push(kubelet);
    return kubelet;
  }

  /** A process of its own that hosts a kubelet, to be killed by the test. */
  async startHost(options: KubeletOptions): Promise<ChildProcess> {
    const plain = { ...options, images: undefined, onLogLine: undefined };
    const child = spawn(process.execPath, [join(import.meta.dirname, 'kubelet-host.ts'), JSON.stringify(plain)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#children.push(child);
    await new Promise<void>((resolve, reject) => {
      child.stdout.once('data', () => resolve());
      child.once('exit', (code) => reject(new Error(`the kubelet's host ended with ${code}`)));
    });
    return child;
  }

  /** Creates a pod; `spec` overrides what a short test pod has. */
  async createPod(
    namespace: string,
    name: string,
    spec: Record<string, unknown>,
    metadata: Record<string, unknown> = {},
  ): Promise<Pod> {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, ...metadata },
      spec: { automountServiceAccountToken: false, ...spec },
    };
    return asPod(await this.api.create(corePath('pods', namespace), pod));
  }

  async addSecret(namespace: string, name: string, stringData: Record<string, string>): Promise<void> {
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData };
    await this.api.create(corePath('secrets', namespace), secret);
  }

  async addConfigMap(namespace: string, name: string, data: Record<string, string>): Promise<void> {
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data };
    await this.api.create(corePath('configmaps', namespace), map);
  }

  /** The pod, or undefined when there is none. */
  async pod(namespace: string, name: string): Promise<Pod | undefined> {
    try {
      return asPod(await this.api.get(corePath('pods', namespace, name)));
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** Waits until the pod is as the condition says, and answers it. */
  async podWhen(
    namespace: string,
    name: string,
    what: string,
    condition: (pod: Pod) => boolean,
    seconds = 20,
  ): Promise<Pod> {
    let last: Pod | undefined;
    try {
      return await waitFor(
        `pod ${name}: ${what}`,
        async () => {
          last = await this.pod(namespace, name);
          return last !== undefined && condition(last) ? last : undefined;
        },
        seconds,
      );
    } catch (error) {
      const seen = JSON.stringify(last?.status ?? 'nothing');
      throw new Error(`pod ${name}: ${what}: waited in vain; last seen: ${seen}`, { cause: error });
    }
  }

  async podGone(namespace: string, name: string): Promise<void> {
    await waitFor(`pod ${name} is gone`, async () => (await this.pod(namespace, name)) === undefined);
  }

  /** Waits until the container's output has a line that matches. */
  async lineOf(pod: string, pattern: RegExp): Promise<LogLine> {
    return waitFor(`line ${pattern} of ${pod}`, () =>
      this.lines.find((line) => line.pod === pod && pattern.test(line.line)),
    );
  }

  async events(
    namespace: string,
    pod: string,
  ): Promise<{ reason: string; message: string; type: string; count: number }[]> {
    const query = { fieldSelector: `involvedObject.name=${pod}` };
    const list = asEvents(await this.api.get(corePath('events', namespace), query));
    return (list.items ?? []).map(({ reason = '', message = '', type = '', count = 1 }) => ({
      reason,
      message,
      type,
      count,
    }));
  }

  async eventOf(namespace: string, pod: string, reason: string, pattern = /./): Promise<void> {
    await waitFor(`event ${reason} ${pattern} of ${pod}`, async () =>
      (await this.events(namespace, pod)).some((event) => event.reason === reason && pattern.test(event.message)),
    );
  }

  /** Deletes pods with their own grace and waits until they are gone. */
  async deletePods(namespace: string, ...names: string[]): Promise<void> {
    for (const name of names) await this.api.delete(corePath('pods', namespace, name), {});
    await Promise.all(names.map((name) => this.podGone(namespace, name)));
  }

  /** The object of this path, once it has the condition. */
  async untilCondition(path: string, type: string): Promise<void> {
    await waitFor(`${path} is ${type}`, async () => {
      const conditions = withConditions.parse(await this.api.get(path)).status?.conditions ?? [];
      return conditions.some((one) => one.type === type && one.status === 'True');
    });
  }

  async stop(): Promise<void> {
    for (const child of this.#children) if (child.exitCode === null) child.kill('SIGKILL');
    await Promise.all(this.#kubelets.map((kubelet) => kubelet.kill()));
    await this.api.close();
    await this.server.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
