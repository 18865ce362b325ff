/** Cold import of the deployed functions, the size of their bundle, and which SDKs are loaded when. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Benchmark } from './benchmark.ts';
import { bundle, project } from './bundle.ts';
import { askChild } from './child.ts';
import { takeTurns, summarize } from './measure.ts';
import type { StartUpAnswer, StartUpQuestion } from './start-up-child.ts';
import { row, type Row } from './table.ts';

const child = fileURLToPath(new URL('start-up-child.ts', import.meta.url));
const eagerModule = fileURLToPath(new URL('start-up-eager.ts', import.meta.url));

const SDKS = [
  ...['@google-cloud/storage', '@google-cloud/container', '@google-cloud/pubsub', '@kubernetes/client-node', 'ioredis'],
  ...['google-auth-library', 'google-gax', '@grpc/grpc-js', 'protobufjs'],
];

const image = `image@sha256:${'a'.repeat(64)}`;
const nowhere = 'http://127.0.0.1:9';
/** Complete, so that a function can be called; its endpoints lead nowhere. */
const environment = {
  ...{ GOOGLE_CLOUD_PROJECT: 'bench', FF_INSTALLATION: 'bench', FF_LOCATIONS: 'us-central1-a' },
  ...{ FF_UPLOADS_BUCKET: 'uploads', FF_STATE_BUCKET: 'state', FF_RESULTS_BUCKET: 'results' },
  ...{ FF_WORKER_IMAGE: image, FF_REDIS_IMAGE: image, FF_NOTICES_TOPIC: 'ff-notices' },
  ...{ FF_STORAGE_ENDPOINT: nowhere, FF_CONTAINER_ENDPOINT: nowhere, FF_COMPUTE_ENDPOINT: nowhere },
  ...{ FF_SIGNING_ENDPOINT: nowhere, METADATA_SERVER_DETECTION: 'none' },
};

export const startUp: Benchmark = {
  name: 'start-up',
  title: 'cold import of the deployed functions, against importing all SDKs at once',
  async run({ quick }) {
    const ours = await buildFunctions();
    const eager = await bundle(eagerModule, { splitting: false });
    try {
      const measured = await takeTurns(quick ? 2 : 20, {
        eager: () => ask({ entry: eager.entry, do: 'time' }),
        ours: () => ask({ entry: ours.entry, do: 'time' }),
      });
      const rows = [
        compare('import', 'ms', measured.ours, measured.eager, ({ ms }) => ms),
        compare('peak memory after it', 'MiB', measured.ours, measured.eager, ({ peakMiB }) => peakMiB),
        ...sizes(ours, eager.entry),
      ];
      const notes = [
        await sdksNote('the entry alone', ours.entry, 'loads'),
        await sdksNote('the function status', ours.entry, 'status'),
      ];
      return { rows, notes };
    } finally {
      ours.remove();
      eager.remove();
    }
  },
};

interface Built {
  entry: string;
  zipBytes: number;
  remove(): void;
}

/** As `npm run build` does it, into a folder of our own; the framework, which the cloud installs, is the project's. */
async function buildFunctions(): Promise<Built> {
  const out = mkdtempSync(join(tmpdir(), 'ff-bench-build-'));
  const child = spawn(process.execPath, [join(project, 'scripts', 'build-functions.ts'), '--out', out], {
    ...{ cwd: project, stdio: ['ignore', 'ignore', 'inherit'] },
  });
  const code = await new Promise((resolve) => child.once('exit', resolve));
  if (code !== 0) throw new Error(`scripts/build-functions.ts ended with ${String(code)}`);
  symlinkSync(join(project, 'node_modules'), join(out, 'node_modules'));
  const { main } = JSON.parse(readFileSync(join(out, 'functions', 'package.json'), 'utf8')) as { main: string };
  return {
    entry: join(out, 'functions', main),
    zipBytes: statSync(join(out, 'functions.zip')).size,
    remove: () => rmSync(out, { recursive: true, force: true }),
  };
}

function ask(asked: StartUpQuestion): Promise<StartUpAnswer> {
  // Without a compile cache, as in a fresh instance.
  const env = { ...process.env, ...environment, NODE_COMPILE_CACHE: undefined, NODE_DISABLE_COMPILE_CACHE: '1' };
  return askChild<StartUpAnswer>(child, asked, { env });
}

function compare(
  what: string,
  unit: string,
  ours: StartUpAnswer[],
  eager: StartUpAnswer[],
  pick: (answer: StartUpAnswer) => number,
): Row {
  return row(what, unit, summarize(ours.map(pick)), {
    ...{ name: 'all SDKs at once', summary: summarize(eager.map(pick)) },
  });
}

function sizes({ entry, zipBytes }: Built, eager: string): Row[] {
  const files = readdirSync(dirname(entry)).filter((name) => /\.(js|mjs|cjs)$/.test(name));
  const megabytes = (path: string): number => statSync(path).size / 1e6;
  const total = files.reduce((sum, name) => sum + megabytes(join(dirname(entry), name)), 0);
  const peer = { name: 'all SDKs at once', summary: summarize([megabytes(eager)]) };
  return [
    row('size of the entry', 'MB', summarize([megabytes(entry)]), peer),
    row(`size of all ${files.length} files`, 'MB', summarize([total]), peer),
    row('size of the archive that is deployed', 'MB', summarize([zipBytes / 1e6])),
  ];
}

async function sdksNote(what: string, entry: string, how: 'loads' | 'status'): Promise<string> {
  const { files } = await ask({ entry, do: how });
  const own = files.filter((url) => url.startsWith('file:'));
  const loaded = SDKS.filter((sdk) => own.some((url) => holds(fileURLToPath(url), sdk, dirname(entry))));
  const bundled = own.filter((url) => fileURLToPath(url).startsWith(dirname(entry))).length;
  return `SDKs loaded by ${what} (${bundled} files of the bundle): ${loaded.join(', ') || 'none'}`;
}

/**
 * A file of the package itself, or a file of the bundle with code of the package in
 * it: esbuild names every module's path.
 */
function holds(path: string, sdk: string, folder: string): boolean {
  if (path.includes(`/node_modules/${sdk}/`)) return true;
  return path.startsWith(folder) && readFileSync(path, 'utf8').includes(`node_modules/${sdk}/`);
}
