/**
 * Volumes of a pod as directories below its own: emptyDir, secret, configMap, downwardAPI, projected. Secrets and
 * ConfigMaps are read anew when asked to refresh. Sizes are not limited, and no other volume kinds are offered.
 */
import { existsSync, mkdirSync, chmodSync } from 'node:fs';
import { join, posix } from 'node:path';
import { asTokenRequest } from '../answers.ts';
import { ApiError, corePath, type KubeApi } from '../api.ts';
import { writeAtomically, type VolumeFile } from './atomic-directory.ts';
import { podField, resourceField, type PodFacts } from '../container/downward.ts';
import type { ObjectCache } from '../object-cache.ts';
import type { Pod, Volume, WithData } from '../types.ts';

/** A volume that cannot be set up (yet): the pod waits in ContainerCreating. */
export class MountError extends Error {}

export interface VolumeContext {
  api: KubeApi;
  cache: ObjectCache;
  facts: PodFacts;
  /** `<pod directory>/volumes`. */
  dir: string;
  nowMs: number;
  /** Secrets and ConfigMaps may be this old. */
  maxAgeMs: number;
}

type Files = Map<string, VolumeFile>;
type KeyToPath = { key: string; path: string; mode?: number | undefined };

export function volumeDir(podVolumesDir: string, volumeName: string): string {
  return join(podVolumesDir, volumeName);
}

/** Sets up or refreshes all volumes. Throws MountError naming the first one that is not available. */
export async function syncVolumes(context: VolumeContext): Promise<void> {
  for (const volume of context.facts.pod.spec?.volumes ?? []) {
    try {
      await syncVolume(context, volume);
    } catch (error) {
      if (error instanceof ApiError || error instanceof MountError)
        throw new MountError(`MountVolume.SetUp failed for volume "${volume.name}" : ${error.message}`);
      throw error;
    }
  }
}

async function syncVolume(context: VolumeContext, volume: Volume): Promise<void> {
  const dir = volumeDir(context.dir, volume.name);
  if (volume.emptyDir) {
    if (existsSync(dir)) return;
    mkdirSync(dir, { recursive: true });
    chmodSync(dir, 0o777);
    return;
  }
  writeAtomically(dir, await filesOf(context, volume));
}

async function filesOf(context: VolumeContext, volume: Volume): Promise<Files> {
  const { secret, configMap, downwardAPI, projected } = volume;
  if (secret)
    return keyedFiles(context, 'secrets', { ...secret, name: secret.secretName }, secret.defaultMode ?? 0o644);
  if (configMap) return keyedFiles(context, 'configmaps', configMap, configMap.defaultMode ?? 0o644);
  if (downwardAPI) return downwardFiles(context, downwardAPI.items ?? [], downwardAPI.defaultMode ?? 0o644);
  if (projected) return projectedFiles(context, projected);
  throw new MountError('this kubelet offers emptyDir, secret, configMap, downwardAPI and projected volumes only');
}

interface KeyedSource {
  name?: string | undefined;
  items?: KeyToPath[] | undefined;
  optional?: boolean | undefined;
}

async function keyedFiles(
  context: VolumeContext,
  source: 'secrets' | 'configmaps',
  wanted: KeyedSource,
  mode: number,
): Promise<Files> {
  const namespace = context.facts.pod.metadata?.namespace ?? 'default';
  const name = wanted.name ?? '';
  const object = await context.cache.get(source, namespace, name, context.maxAgeMs);
  const kind = source === 'secrets' ? 'secret' : 'configmap';
  if (!object) {
    if (wanted.optional) return new Map();
    throw new MountError(`${kind} "${name}" not found`);
  }
  const data = objectData(source, object);
  if (!wanted.items) return new Map([...data].map(([key, bytes]) => [key, { data: bytes, mode }]));
  const files: Files = new Map();
  for (const item of wanted.items) {
    const bytes = data.get(item.key);
    if (bytes) files.set(safePath(item.path), { data: bytes, mode: item.mode ?? mode });
    else if (!wanted.optional) throw new MountError(`references non-existent ${kind} key: ${item.key}`);
  }
  return files;
}

/** Keys and bytes of a Secret or ConfigMap. */
export function objectData(source: 'secrets' | 'configmaps', object: WithData): Map<string, Buffer> {
  const data = new Map<string, Buffer>();
  const encoded: Record<string, string> = source === 'secrets' ? (object.data ?? {}) : (object.binaryData ?? {});
  for (const [key, value] of Object.entries(encoded)) data.set(key, Buffer.from(value, 'base64'));
  if (source === 'configmaps')
    for (const [key, value] of Object.entries(object.data ?? {})) data.set(key, Buffer.from(value));
  return data;
}

type DownwardItem = NonNullable<NonNullable<Volume['downwardAPI']>['items']>[number];

function downwardFiles(context: VolumeContext, items: DownwardItem[], mode: number): Files {
  const files: Files = new Map();
  for (const item of items) {
    const text = item.fieldRef ? podField(item.fieldRef.fieldPath, context.facts) : downwardResource(context, item);
    if (text === undefined) throw new MountError(`unsupported downward API item for path "${item.path}"`);
    files.set(safePath(item.path), { data: Buffer.from(text), mode: item.mode ?? mode });
  }
  return files;
}

function downwardResource(context: VolumeContext, item: DownwardItem): string | undefined {
  const ref = item.resourceFieldRef;
  const container = context.facts.pod.spec?.containers.find((one) => one.name === ref?.containerName);
  return ref && container ? resourceField(ref.resource, ref.divisor, container, context.facts.node) : undefined;
}

async function projectedFiles(context: VolumeContext, projected: NonNullable<Volume['projected']>): Promise<Files> {
  const mode = projected.defaultMode ?? 0o644;
  const files: Files = new Map();
  for (const source of projected.sources ?? []) {
    const parts: Files[] = [];
    if (source.secret) parts.push(await keyedFiles(context, 'secrets', source.secret, mode));
    if (source.configMap) parts.push(await keyedFiles(context, 'configmaps', source.configMap, mode));
    if (source.downwardAPI) parts.push(downwardFiles(context, source.downwardAPI.items ?? [], mode));
    if (source.serviceAccountToken) parts.push(await tokenFile(context, source.serviceAccountToken));
    for (const part of parts) for (const [path, file] of part) files.set(path, file);
  }
  return files;
}

interface TokenSource {
  path: string;
  audience?: string | undefined;
  expirationSeconds?: number | undefined;
}

/** A token of the pod's service account, renewed after 80 % of its life. */
async function tokenFile(context: VolumeContext, wanted: TokenSource): Promise<Files> {
  const { metadata, spec } = context.facts.pod;
  const lifeSeconds = wanted.expirationSeconds ?? 3600;
  const path = `${corePath('serviceaccounts', metadata?.namespace, spec?.serviceAccountName ?? 'default')}/token`;
  const token = await context.cache.token(`${metadata?.uid}|${wanted.audience ?? ''}`, async () => {
    const asked = tokenRequest(context.facts.pod, wanted.audience, lifeSeconds);
    const answer = asTokenRequest(await context.api.create(path, asked));
    return { token: answer.status?.token ?? '', renewMs: context.nowMs + lifeSeconds * 800 };
  });
  return new Map([[safePath(wanted.path), { data: Buffer.from(token), mode: 0o600 }]]);
}

function tokenRequest(pod: Pod, audience: string | undefined, expirationSeconds: number): object {
  return {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: {
      audiences: audience ? [audience] : [],
      expirationSeconds,
      boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: pod.metadata?.name, uid: pod.metadata?.uid },
    },
  };
}

/** The API server refuses such paths already; this directory is real, so they are refused here again. */
function safePath(path: string): string {
  const normal = posix.normalize(path);
  if (normal.startsWith('/') || normal === '..' || normal.startsWith('../') || normal.startsWith('..data'))
    throw new MountError(`path "${path}" is not allowed`);
  return normal;
}
