/**
 * What `kubectl logs` and `kubectl delete` ask of an API server, asked by the vendor's client library: the
 * kubelet's suites must pass on a machine without kubectl. It does not print or format anything; kubectl
 * itself is tried in kubelet-suite-kubectl.ts.
 */
import { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { CoreV1Api, KubeConfig, Log, type LogOptions } from '@kubernetes/client-node';

/** How to reach an API server. */
interface Access {
  readonly url: string;
  readonly caPem: string;
  readonly token: string;
}

export function kubeConfigOf(server: Access): KubeConfig {
  const config = new KubeConfig();
  const caData = Buffer.from(server.caPem).toString('base64');
  config.loadFromClusterAndUser(
    { name: 'test', server: server.url, caData, skipTLSVerify: false },
    { name: 'user', token: server.token },
  );
  return config;
}

/** A log that is being followed. */
export interface FollowedLog {
  text(): string;
  /** The server has ended the log. */
  readonly ended: Promise<void>;
}

export class KubeletClient {
  readonly #core: CoreV1Api;
  readonly #log: Log;

  constructor(server: Access) {
    const config = kubeConfigOf(server);
    this.#core = config.makeApiClient(CoreV1Api);
    this.#log = new Log(config);
  }

  /** The whole log of a container, as it is now. */
  async logs(namespace: string, pod: string, options: LogOptions = {}, container = 'main'): Promise<string> {
    const log = await this.#read(namespace, pod, container, options);
    await log.ended;
    return log.text();
  }

  follow(namespace: string, pod: string, container = 'main'): Promise<FollowedLog> {
    return this.#read(namespace, pod, container, { follow: true });
  }

  async nodeNames(): Promise<(string | undefined)[]> {
    return (await this.#core.listNode()).items.map((node) => node.metadata?.name);
  }

  async #read(namespace: string, pod: string, container: string, options: LogOptions): Promise<FollowedLog> {
    const pieces: Buffer[] = [];
    const sink = new Writable({
      write(piece: Buffer, _encoding, done) {
        pieces.push(piece);
        done();
      },
    });
    const ended = finished(sink);
    await this.#log.log(namespace, pod, container, sink, options);
    return { ended, text: () => Buffer.concat(pieces).toString() };
  }
}
