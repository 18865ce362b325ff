// npm run build: what Cloud Functions get. build/functions/ is the source folder, build/functions.zip the same as an
// archive for terraform. One bundle with a file per SDK, so that each is loaded only when it is needed. The only
// package installed in the cloud is the functions framework (pinned, with its part of our lock file). The platform
// starts it and the functions must register with that very copy.
import { build } from 'esbuild';
import { globSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { zipArchive, type ZipEntry } from './zip.ts';

const FRAMEWORK = '@google-cloud/functions-framework';
/** Two folders deep, as functions/adapters/ is: manifests are found at ../../manifests/ from there. */
const BUNDLE = 'functions/bundle';

const root = fileURLToPath(new URL('../', import.meta.url));
const { values } = parseArgs({ options: { out: { type: 'string', default: join(root, 'build') } } });

const texts = z.record(z.string(), z.string());
const ownPackage = z.object({ name: z.string(), version: z.string(), dependencies: texts });
const lockedFields = z.object({
  version: z.string(),
  dependencies: z.exactOptional(texts),
  optionalDependencies: z.exactOptional(texts),
});
type LockedPackage = z.infer<typeof lockedFields>;
/** An entry as it stands: it is written as it was read, with the fields that nobody reads here. */
const lockedPackage = z.custom<LockedPackage>((entry) => lockedFields.safeParse(entry).success);
const lockFile = z.object({ lockfileVersion: z.number(), packages: z.record(z.string(), lockedPackage) });

async function bundle(): Promise<ZipEntry[]> {
  const result = await build({
    absWorkingDir: root,
    entryPoints: [{ in: 'functions/index.ts', out: `${BUNDLE}/index` }],
    chunkNames: `${BUNDLE}/[name]-[hash]`,
    outdir: 'out',
    write: false,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    external: [FRAMEWORK],
    minifySyntax: true,
    minifyWhitespace: true,
    // CommonJS packages inside the bundle ask for Node.js' own modules with require.
    banner: {
      js: [
        "import { createRequire as ff_createRequire } from 'node:module';",
        "import { fileURLToPath as ff_fileURLToPath } from 'node:url';",
        'const require = ff_createRequire(import.meta.url);',
        "const __filename = ff_fileURLToPath(import.meta.url), __dirname = ff_fileURLToPath(new URL('.', " +
          'import.meta.url));',
      ].join('\n'),
    },
    legalComments: 'none',
    logLevel: 'warning',
  });
  return result.outputFiles.map((file) => ({
    name: file.path.slice(join(root, 'out/').length),
    bytes: Buffer.from(file.contents),
  }));
}

function manifests(): ZipEntry[] {
  return globSync('manifests/*.yaml', { cwd: root }).map((name) => ({ name, bytes: readFileSync(join(root, name)) }));
}

/** package.json and a package-lock.json with nothing but the framework and what it needs. */
function packageFiles(): ZipEntry[] {
  const ours = ownPackage.parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));
  const lock = lockFile.parse(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')));
  const identity = { name: `${ours.name}-functions`, version: ours.version };
  const needs = { engines: { node: '>=22' }, dependencies: { [FRAMEWORK]: ours.dependencies[FRAMEWORK] } };
  const description = { ...identity, private: true, type: 'module', main: `${BUNDLE}/index.js`, ...needs };
  const packages = { '': { ...identity, ...needs }, ...lockedPackages(lock.packages, FRAMEWORK) };
  const locked = { ...identity, lockfileVersion: lock.lockfileVersion, requires: true, packages };
  return Object.entries({ 'package.json': description, 'package-lock.json': locked }).map(([name, value]) => ({
    name,
    bytes: Buffer.from(`${JSON.stringify(value, null, 2)}\n`),
  }));
}

/** Follows dependencies as Node.js finds them: the nearest node_modules on the way up. */
function lockedPackages(all: Record<string, LockedPackage>, first: string): Record<string, LockedPackage> {
  const found = new Map<string, LockedPackage>();
  const visit = (name: string, from: string): void => {
    for (let place = from; ; place = place.slice(0, Math.max(0, place.lastIndexOf('/node_modules/')))) {
      const path = `${place === '' ? '' : `${place}/`}node_modules/${name}`;
      const entry = all[path];
      if (entry === undefined && place === '') return;
      if (entry === undefined) continue;
      if (found.has(path)) return;
      found.set(path, entry);
      for (const next of Object.keys({ ...entry.dependencies, ...entry.optionalDependencies })) visit(next, path);
      return;
    }
  };
  visit(first, '');
  return Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const files = [...(await bundle()), ...manifests(), ...packageFiles()];
const folder = join(values.out, 'functions');
rmSync(folder, { recursive: true, force: true });
for (const { name, bytes } of files) {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), bytes);
}
const archive = join(values.out, 'functions.zip');
writeFileSync(archive, zipArchive(files));
const kilobytes = Math.round(statSync(archive).size / 1000);
process.stdout.write(`${archive}: ${files.length} files, ${kilobytes} kB\n`);
