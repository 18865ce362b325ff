/**
 * Bundles for measuring: one module with everything that it imports, with the settings of scripts/build-functions.ts,
 * so that nothing but the splitting differs.
 */
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export const project = fileURLToPath(new URL('..', import.meta.url));

/** Shared with the server that loads the functions: both must see one registry. */
const FRAMEWORK = '@google-cloud/functions-framework';

/** Bundled CommonJS packages ask for these by name. */
const banner = [
  "import { createRequire as ffCreateRequire } from 'node:module';",
  'const require = ffCreateRequire(import.meta.url);',
  'const __filename = import.meta.filename;',
  'const __dirname = import.meta.dirname;',
].join('\n');

export interface Bundle {
  folder: string;
  entry: string;
  remove(): void;
}

/**
 * Bundles TypeScript entries with everything they import, lazily imported parts in files of their
 * own (`splitting`), into a temporary folder.
 */
export async function bundle(entry: string, options: { splitting: boolean }): Promise<Bundle> {
  const folder = mkdtempSync(join(tmpdir(), 'ff-bench-bundle-'));
  symlinkSync(join(project, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}\n');
  // Two folders down, so that what the adapters read beside them (manifests/) is found where it lies in the project.
  symlinkSync(join(project, 'manifests'), join(folder, 'manifests'));
  const outdir = join(folder, 'out', 'files');
  await build({
    entryPoints: { index: entry },
    outdir,
    absWorkingDir: project,
    bundle: true,
    splitting: options.splitting,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    outExtension: { '.js': '.mjs' },
    external: [FRAMEWORK],
    banner: { js: banner },
    logLevel: 'error',
  });
  return {
    folder: outdir,
    entry: join(outdir, 'index.mjs'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
