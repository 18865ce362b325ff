/**
 * Container images without a registry: the two that an installation has stand for programs of this
 * machine. A name is compared without tag and digest, so an image given by hand resolves too; any
 * other name does not exist (ErrImagePull).
 */
import { fileURLToPath } from 'node:url';
import type { ImageMap, ResolvedImage } from '../kubelet/types.ts';
import type { Installation } from './installation.ts';

const workerImageDir = fileURLToPath(new URL('../../worker-image', import.meta.url)).replace(/\/$/, '');

export function localImages(installation: Installation): ImageMap {
  const path = process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin';
  const worker: ResolvedImage = {
    root: [{ from: '/opt/foreach-fleet', to: workerImageDir }],
    env: {},
    path,
    sizeBytes: 900_000_000,
  };
  const redis: ResolvedImage = { root: [], env: {}, path, command: ['redis-server'], sizeBytes: 45_000_000 };
  const images = new Map([
    [repositoryOf(installation.images.worker), worker],
    [repositoryOf(installation.images.redis), redis],
    ['redis', redis],
    ['docker.io/library/redis', redis],
  ]);
  return { resolveImage: (name) => images.get(repositoryOf(name)) };
}

/** `host:5000/path/name:tag@sha256:...` -> `host:5000/path/name`. */
function repositoryOf(image: string): string {
  return image.replace(/@.*$/, '').replace(/:[^:/]*$/, '');
}
