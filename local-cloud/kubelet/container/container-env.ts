/**
 * Gathers the environment of a container from its spec, Secrets, ConfigMaps, the pod's own
 * fields and the Services of its namespace.
 */
import { mkdirSync } from 'node:fs';
import { podField, resourceField, type PodFacts } from './downward.ts';
import { expand } from './env.ts';
import type { ObjectCache } from '../object-cache.ts';
import type { MapPath } from './path-map.ts';
import { serviceEnv } from './service-env.ts';
import type { Container, Pod, ResolvedImage } from '../types.ts';
import { objectData } from '../volumes/volumes.ts';

/** A variable refers to something that is not there: CreateContainerConfigError. */
export class ConfigError extends Error {}

export interface EnvContext {
  cache: ObjectCache;
  facts: PodFacts;
  apiServer: string;
  image: ResolvedImage;
  /** Rewrites paths of volumes and of the image. */
  mapPath: MapPath;
  /** Rewrites paths of the image only: what the image itself says may be paths of this machine. */
  mapImagePath: MapPath;
  /** Private directories that stand for the container's own root file system. */
  home: string;
  tmp: string;
}

/** How old Services, Secrets and ConfigMaps may be when a container starts. */
const FRESH_MS = 500;

/** Variables before and after path mapping; `$(X)` in command and arguments sees the former. */
export async function containerEnv(
  context: EnvContext,
  container: Container,
): Promise<{ plain: Record<string, string>; mapped: Record<string, string> }> {
  const services = await serviceEnv(context, container);
  const own: Record<string, string> = {};
  const secret = new Set<string>();
  for (const [name, value, isSecret] of await bulkVariables(context, container)) {
    own[name] = value;
    if (isSecret) secret.add(name);
  }
  for (const variable of container.env ?? []) {
    const value = variable.valueFrom
      ? await referencedValue(context, container, variable.name, variable.valueFrom)
      : expand(variable.value ?? '', { ...services, ...own });
    if (value === undefined) continue;
    own[variable.name] = value;
    if (variable.valueFrom?.secretKeyRef) secret.add(variable.name);
    else secret.delete(variable.name);
  }
  const plain = { ...services, ...own };
  const mapped: Record<string, string> = baseEnv(context);
  for (const [name, value] of Object.entries(plain)) mapped[name] = secret.has(name) ? value : context.mapPath(value);
  return { plain, mapped };
}

/** What a container has without being told: cleared environment of the machine, image variables, host name. */
function baseEnv(context: EnvContext): Record<string, string> {
  mkdirSync(context.home, { recursive: true });
  mkdirSync(context.tmp, { recursive: true });
  const env: Record<string, string> = {
    LANG: 'C.UTF-8',
    HOME: context.home,
    TMPDIR: context.tmp,
    HOSTNAME: context.facts.pod.metadata?.name ?? '',
  };
  for (const [name, value] of Object.entries({ ...context.image.env, PATH: context.image.path }))
    env[name] = context.mapImagePath(value);
  return env;
}

type ValueSource = NonNullable<NonNullable<Container['env']>[number]['valueFrom']>;

async function referencedValue(
  context: EnvContext,
  container: Container,
  name: string,
  source: ValueSource,
): Promise<string | undefined> {
  const { fieldRef, resourceFieldRef, secretKeyRef, configMapKeyRef } = source;
  if (fieldRef)
    return required(podField(fieldRef.fieldPath, context.facts), `unsupported fieldPath: ${fieldRef.fieldPath}`);
  if (resourceFieldRef) {
    const value = resourceField(resourceFieldRef.resource, resourceFieldRef.divisor, container, context.facts.node);
    return required(value, `unsupported resource: ${resourceFieldRef.resource}`);
  }
  if (secretKeyRef) return keyValue(context, 'secrets', secretKeyRef);
  if (configMapKeyRef) return keyValue(context, 'configmaps', configMapKeyRef);
  throw new ConfigError(`invalid valueFrom of variable ${name}`);
}

function required(value: string | undefined, message: string): string {
  if (value === undefined) throw new ConfigError(message);
  return value;
}

interface KeyRef {
  name?: string | undefined;
  key: string;
  optional?: boolean | undefined;
}

async function keyValue(
  context: EnvContext,
  source: 'secrets' | 'configmaps',
  ref: KeyRef,
): Promise<string | undefined> {
  const namespace = namespaceOf(context.facts.pod);
  const kind = source === 'secrets' ? 'secret' : 'configmap';
  const object = await context.cache.get(source, namespace, ref.name ?? '', FRESH_MS);
  const value = object ? objectData(source, object).get(ref.key)?.toString('utf8') : undefined;
  if (value !== undefined || ref.optional) return value;
  if (!object) throw new ConfigError(`${kind} "${ref.name}" not found`);
  throw new ConfigError(
    `couldn't find key ${ref.key} in ${source === 'secrets' ? 'Secret' : 'ConfigMap'} ${namespace}/${ref.name}`,
  );
}

/** envFrom: all keys of Secrets and ConfigMaps; the third element says that a value is secret. */
async function bulkVariables(context: EnvContext, container: Container): Promise<[string, string, boolean][]> {
  const variables: [string, string, boolean][] = [];
  for (const from of container.envFrom ?? []) {
    const source = from.secretRef ? 'secrets' : 'configmaps';
    for (const [key, bytes] of await bulkSource(context, source, from.secretRef ?? from.configMapRef)) {
      variables.push([`${from.prefix ?? ''}${key}`, bytes.toString('utf8'), source === 'secrets']);
    }
  }
  return variables;
}

async function bulkSource(
  context: EnvContext,
  source: 'secrets' | 'configmaps',
  ref: { name?: string | undefined; optional?: boolean | undefined } | undefined,
): Promise<Map<string, Buffer>> {
  const object = await context.cache.get(source, namespaceOf(context.facts.pod), ref?.name ?? '', FRESH_MS);
  if (object) return objectData(source, object);
  if (ref?.optional) return new Map();
  throw new ConfigError(`${source === 'secrets' ? 'secret' : 'configmap'} "${ref?.name}" not found`);
}

function namespaceOf(pod: Pod): string {
  return pod.metadata?.namespace ?? 'default';
}
