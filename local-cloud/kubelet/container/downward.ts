/** Downward API: fields of the pod and of a container's resources as text, for variables and volume files. Pure. */
import { parseQuantity } from '../../quantity.ts';
import type { Container, NodeSpec, Pod } from '../types.ts';

export interface PodFacts {
  pod: Pod;
  podIp: string;
  node: NodeSpec;
}

const KEYED_FIELD = /^metadata\.(?:labels\['(?<label>.+)'\]|annotations\['(?<annotation>.+)'\])$/;

/** A field like metadata.name, metadata.labels['x'], status.podIP; undefined when it is not offered. */
export function podField(path: string, facts: PodFacts): string | undefined {
  const { metadata, spec } = facts.pod;
  const keyed = keyedField(path, metadata);
  if (keyed !== undefined) return keyed;
  const hostIp = `${facts.node.addressPrefix}.1`;
  const fields: Record<string, string | undefined> = {
    'metadata.name': metadata?.name,
    'metadata.namespace': metadata?.namespace,
    'metadata.uid': metadata?.uid,
    'metadata.labels': formatMap(metadata?.labels),
    'metadata.annotations': formatMap(metadata?.annotations),
    'spec.nodeName': facts.node.name,
    'spec.serviceAccountName': spec?.serviceAccountName ?? 'default',
    'status.hostIP': hostIp,
    'status.hostIPs': hostIp,
    'status.podIP': facts.podIp,
    'status.podIPs': facts.podIp,
  };
  return fields[path];
}

/**
 * A resource such as limits.memory divided by the divisor and rounded up; a missing limit is what the node can give.
 */
export function resourceField(
  resource: string,
  divisor: string | undefined,
  container: Container,
  node: NodeSpec,
): string | undefined {
  const [kind, name] = splitOnce(resource);
  if (kind !== 'limits' && kind !== 'requests') return undefined;
  const value = givenResource(container, kind, name) ?? fallback(kind, name, node);
  return value === undefined ? undefined : String(Math.ceil(roundOff(value / (parseQuantity(divisor ?? '1') || 1))));
}

/** A request that is not given is the limit. */
function givenResource(container: Container, kind: 'limits' | 'requests', name: string): number | undefined {
  const { limits, requests } = container.resources ?? {};
  const text = kind === 'limits' ? limits?.[name] : (requests?.[name] ?? limits?.[name]);
  return text === undefined ? undefined : parseQuantity(text);
}

function fallback(kind: 'limits' | 'requests', name: string, node: NodeSpec): number | undefined {
  if (kind === 'requests') return 0;
  if (name === 'cpu') return node.allocatable.cpu;
  return name === 'memory' ? node.allocatable.memoryBytes : undefined;
}

/** Removes the noise of binary fractions before rounding up: 0.3 / 0.1 is 3. */
function roundOff(value: number): number {
  return Number(value.toPrecision(12));
}

function splitOnce(text: string): [string, string] {
  const dot = text.indexOf('.');
  return [text.slice(0, dot), text.slice(dot + 1)];
}

function keyedField(path: string, metadata: PodFacts['pod']['metadata']): string | undefined {
  const { label, annotation } = KEYED_FIELD.exec(path)?.groups ?? {};
  if (label !== undefined) return metadata?.labels?.[label] ?? '';
  return annotation === undefined ? undefined : (metadata?.annotations?.[annotation] ?? '');
}

function formatMap(map: Record<string, string> = {}): string {
  const lines = Object.keys(map)
    .sort()
    .map((key) => `${key}=${JSON.stringify(map[key])}`);
  return lines.join('\n');
}
