/**
 * Turns a container's spec into what is executed on this machine: argv,
 * environment, working directory, all paths mapped.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { containerEnv, ConfigError, type EnvContext } from './container-env.ts';
import type { Launch } from './container-process.ts';
import { expand } from './env.ts';
import { pathMapper, type MapPath, type PathMapping } from './path-map.ts';
import type { Container, ResolvedImage } from '../types.ts';
import { volumeDir } from '../volumes/volumes.ts';

export interface PreparedLaunch {
  launch: Launch;
  mapPath: MapPath;
  terminationLog: string;
}

export interface LaunchContext extends Omit<EnvContext, 'mapPath' | 'mapImagePath' | 'home' | 'tmp'> {
  image: ResolvedImage;
  podDir: string;
  containerId: string;
}

export async function prepareLaunch(context: LaunchContext, container: Container): Promise<PreparedLaunch> {
  const root = freshRoot(context.podDir, container.name);
  const terminationLog = join(context.podDir, 'containers', container.name, 'termination-log');
  writeFileSync(terminationLog, '');
  const terminationPath = container.terminationMessagePath ?? '/dev/termination-log';
  const mounts = mountMappings(context, container);
  const mapImagePath = pathMapper(context.image.root);
  const mapPath = pathMapper([...context.image.root, ...mounts, { from: terminationPath, to: terminationLog }]);
  const dirs = { home: join(root, 'home'), tmp: join(root, 'tmp') };
  const { plain, mapped } = await containerEnv({ ...context, ...dirs, mapPath, mapImagePath }, container);
  const own = (texts: string[] | undefined) => texts?.map((text) => mapPath(expand(text, plain)));
  // What the image itself says may be a path of this machine and must not be taken for one of a volume.
  const images = (texts: string[] | undefined) => (texts ?? []).map(mapImagePath);
  const command = own(container.command) ?? images(context.image.entrypoint);
  const args = own(container.args) ?? (container.command ? [] : images(context.image.command));
  const argv = [...command, ...args];
  if (argv.length === 0) throw new ConfigError('no command specified');
  const cwd = workingDirectory(container.workingDir ?? context.image.workingDir, mapPath, root);
  return { launch: { containerId: context.containerId, argv, env: mapped, cwd }, mapPath, terminationLog };
}

/** What the container wrote outside its volumes is gone at a restart, as a container's own layer is. */
function freshRoot(podDir: string, name: string): string {
  const root = join(podDir, 'containers', name, 'root');
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  return root;
}

function mountMappings(context: LaunchContext, container: Container): PathMapping[] {
  return (container.volumeMounts ?? []).map((mount) => {
    const dir = volumeDir(join(context.podDir, 'volumes'), mount.name);
    if (mount.subPathExpr) throw new ConfigError('subPathExpr is not offered by this kubelet');
    const subPath = mount.subPath ?? '';
    if (subPath.split('/').includes('..')) throw new ConfigError(`subPath "${subPath}" must not contain ".."`);
    const target = subPath === '' ? dir : join(dir, subPath);
    if (!existsSync(target)) mkdirSync(target, { recursive: true });
    return { from: mount.mountPath, to: target };
  });
}

/** The directory named by the spec where it is mapped; any other one is made below the container's own root. */
function workingDirectory(wanted: string | undefined, mapPath: MapPath, root: string): string {
  if (!wanted || wanted === '/') return root;
  const mapped = mapPath(wanted);
  const dir = mapped !== wanted && isAbsolute(mapped) ? mapped : join(root, wanted);
  mkdirSync(dir, { recursive: true });
  return dir;
}
