/** pods/log: finds the container and passes the stream of the node's kubelet on, as it comes. */
import { request as httpsRequest } from 'node:https';
import { ApiError, badRequest, notFound } from '../api-error.ts';
import type { Answer, Call } from '../wire/call.ts';
import { requirePod } from './read.ts';
import type { Container, Node, Pod } from '../objects.ts';

const PASSED = ['follow', 'previous', 'sinceSeconds', 'sinceTime', 'timestamps', 'tailLines', 'limitBytes'];

export async function podLog(call: Call): Promise<Answer> {
  const pod = requirePod(call);
  const container = chooseContainer(pod, call.request.query.get('container'));
  const nodeName = pod.spec?.nodeName;
  // Not on a node yet: nothing to read, which is no error.
  if (!nodeName) return { is: 'empty' };
  const node = call.store.get('nodes', undefined, nodeName);
  if (!node) throw notFound({ resource: 'nodes', group: '' }, nodeName);
  const waiting = waitingReason(pod, container);
  if (waiting !== undefined) {
    throw badRequest(
      `container ${JSON.stringify(container)} in pod ${JSON.stringify(pod.metadata.name)} is waiting to ` +
        `start: ${waiting}`,
    );
  }
  const query = new URLSearchParams();
  for (const name of PASSED) {
    const value = call.request.query.get(name);
    if (value !== null) query.set(name, value);
  }
  const path = [pod.metadata.namespace, pod.metadata.name, container]
    .map((part) => encodeURIComponent(part ?? ''))
    .join('/');
  await pass(call, kubeletUrl(node, `/containerLogs/${path}?${query}`));
  return { is: 'streamed' };
}

function chooseContainer(pod: Pod, asked: string | null): string {
  const { name } = pod.metadata;
  const names = (list: Container[] = []): string[] => list.map((each) => each.name ?? '');
  const containers = names(pod.spec?.containers);
  const initContainers = names(pod.spec?.initContainers);
  if (asked) {
    if (containers.includes(asked) || initContainers.includes(asked)) return asked;
    throw badRequest(`container ${asked} is not valid for pod ${name}`);
  }
  const [only] = containers;
  if (containers.length === 1 && only !== undefined) return only;
  const all = [...initContainers, ...containers].join(' ');
  throw badRequest(`a container name must be specified for pod ${name}, choose one of: [${all}]`);
}

/** Why there are no logs yet, or undefined when the container has run. */
function waitingReason({ status: reported = {} }: Pod, container: string): string | undefined {
  const { containerStatuses = [], initContainerStatuses = [], phase } = reported;
  const status = [...containerStatuses, ...initContainerStatuses].find((each) => each.name === container);
  if (!status) return phase === 'Pending' ? 'ContainerCreating' : undefined;
  const hasRun = Number(status.restartCount) > 0 || status.lastState?.terminated !== undefined;
  const waiting = status.state?.waiting;
  return waiting && !hasRun ? (waiting.reason ?? 'ContainerCreating') : undefined;
}

function kubeletUrl(node: Node, path: string): URL {
  const address = node.status?.addresses?.find((each) => each.type === 'InternalIP')?.address;
  const port = node.status?.daemonEndpoints?.kubeletEndpoint?.Port;
  if (!address || !port) throw new ApiError(500, 'InternalError', `node ${node.metadata.name} has no kubelet address`);
  return new URL(path, `https://${address}:${port}`);
}

/** The kubelet's certificate is not verified: it makes its own, and stays on this machine. */
function pass({ response }: Call, url: URL): Promise<void> {
  if (response.destroyed) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const upstream = httpsRequest(url, { rejectUnauthorized: false, agent: false }, (answer) => {
      const type = answer.headers['content-type'] ?? 'text/plain';
      if (answer.statusCode !== 200) {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.on('end', () => reject(kubeletError(answer.statusCode ?? 500, Buffer.concat(parts).toString())));
        return;
      }
      response.writeHead(200, { 'content-type': type, 'cache-control': 'no-cache, private' });
      response.flushHeaders();
      answer.pipe(response);
      answer.on('error', () => response.destroy());
      answer.on('end', resolve);
    });
    upstream.on('error', (error) => {
      if (response.headersSent) response.destroy();
      else reject(new ApiError(500, 'InternalError', `Get "${url.href}": ${error.message}`));
    });
    // From the beginning: the client may go before the kubelet has answered.
    response.on('close', () => {
      upstream.destroy();
      resolve();
    });
    upstream.end();
  });
}

function kubeletError(code: number, text: string): ApiError {
  if (code === 404)
    return new ApiError(404, 'NotFound', text.trim() || 'the server could not find the requested resource');
  if (code === 400) return badRequest(text.trim());
  return new ApiError(500, 'InternalError', `Internal error occurred: ${text.trim()}`);
}
