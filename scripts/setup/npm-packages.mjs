// npm packages exactly as locked, and the Node.js that the project runs on (the npm package `node`).
import { existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { findCommand, logFile, projectFolder, readIfThere, run, say, SetupError, tail } from './project.mjs';

const modules = join(projectFolder, 'node_modules');
/** The Node.js that runs everything but this set-up. */
export const ownNode = join(modules, '.bin', 'node');

const networkRemedy =
  "Check the network and npm's settings (npm config get registry), then repeat. " + `Details: ${logFile}`;

/** Whether node_modules differs from the lock file, or the project's Node.js is missing. */
export function areNpmPackagesMissing() {
  return !existsSync(ownNode) || !matchesLock();
}

/** npm keeps a copy of what it installed inside node_modules; packages for other platforms are not in it. */
function matchesLock() {
  const installed = readLock(join(modules, '.package-lock.json'));
  const wanted = readLock(join(projectFolder, 'package-lock.json'));
  if (installed === undefined || wanted === undefined) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    const found = installed[path];
    if (path === '') return true;
    return found === undefined ? entry.optional === true || entry.peer === true : found.version === entry.version;
  });
}

function readLock(file) {
  try {
    return JSON.parse(readIfThere(file) ?? '').packages;
  } catch {
    return undefined;
  }
}

/**
 * `npm ci` without install scripts: no package runs code on this machine at installation, whichever npm it is
 * and whatever it allows by default. Only `node` needs its script, which fetches the program for this
 * platform; esbuild works without its own.
 */
export async function installNpmPackages() {
  const npm = findCommand('npm');
  if (npm === undefined) throw new SetupError('there is no npm', 'Install Node.js 18 or newer with npm.');
  if (!matchesLock()) {
    say('installing npm packages as locked (half a minute)');
    await runNpm(npm, ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], projectFolder);
  }
  if (!existsSync(ownNode)) {
    const { version } = JSON.parse(readIfThere(join(modules, 'node', 'package.json')) ?? '{}');
    say(`installing Node.js ${version} into node_modules`);
    await installOwnNode();
  }
}

/**
 * The package's script finds `npm` and puts the program into the package; npm had nothing to link when it made .bin.
 */
async function installOwnNode() {
  const result = await run(process.execPath, ['installArchSpecificPackage.js'], {
    cwd: join(modules, 'node'),
    env: { npm_config_ignore_scripts: 'true' },
  });
  if (!existsSync(ownNode) && existsSync(join(modules, 'node', 'bin', 'node'))) {
    mkdirSync(join(modules, '.bin'), { recursive: true });
    rmSync(ownNode, { force: true });
    symlinkSync(join('..', 'node', 'bin', 'node'), ownNode);
  }
  const test = result.code === 0 ? await run(ownNode, ['--version']) : result;
  if (test.code === 0) return;
  throw new SetupError(
    `the npm package node could not be installed for ${process.platform} on ${process.arch}:\n${tail(test.output)}`,
    networkRemedy,
  );
}

async function runNpm(npm, args, cwd) {
  const result = await run(npm, args, { cwd });
  if (result.code === 0) return;
  throw new SetupError(`npm ${args[0]} failed:\n${tail(result.output)}`, networkRemedy);
}
