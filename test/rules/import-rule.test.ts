// Who may import whom. The seams that keep decisions free of effects hold only as long as no import crosses them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { projectFiles, projectRoot } from '../support/source-files.ts';
import { type Import, importsOf } from '../support/source-imports.ts';

const imports: readonly Import[] = projectFiles()
  .filter((path) => /\.(ts|mjs)$/.test(path))
  .flatMap(importsOf);

/**
 * What each folder of functions/ may import at run time, besides itself. Types may come from ports and job everywhere.
 */
const allowed: Readonly<Record<string, readonly string[]>> = {
  entry: ['reconcile/', 'job/', 'job-file/', 'log.ts', 'in-parallel.ts', 'ports/port-error.ts'],
  reconcile: ['job/', 'job-file/', 'ports/', 'log.ts', 'in-parallel.ts'],
  job: ['job-file/'],
  'job-file': [],
  ports: ['job/'],
  adapters: ['ports/', 'job/', 'log.ts', 'in-parallel.ts'],
};

const vendorPackages =
  /^(@google-cloud\/(?!functions-framework)|@kubernetes\/|ioredis|google-auth-library|google-gax|@grpc\/)/;

function breaches(isBreach: (entry: Import) => boolean): string[] {
  return imports.filter(isBreach).map(({ from, to }) => `${from} imports ${to}`);
}

/**
 * Files that import one another in a circle, types counted: the strongly connected parts (Tarjan's algorithm) of more
 * than one file. A circle of types runs, but none of its files can be read or moved without the others.
 */
function findCircles(edges: readonly Import[]): string[][] {
  const targets = Map.groupBy(edges, ({ from }) => from);
  const order = new Map<string, number>();
  const open: string[] = [];
  const circles: string[][] = [];
  const visit = (path: string): number => {
    order.set(path, order.size);
    let low = order.get(path) ?? 0;
    open.push(path);
    for (const { to } of targets.get(path) ?? []) {
      if (!order.has(to)) low = Math.min(low, visit(to));
      else if (open.includes(to)) low = Math.min(low, order.get(to) ?? low);
    }
    if (low === order.get(path)) {
      const circle = open.splice(open.indexOf(path));
      if (circle.length > 1) circles.push(circle.sort());
    }
    return low;
  };
  for (const path of targets.keys()) if (!order.has(path)) visit(path);
  return circles;
}

describe('import rule', () => {
  for (const [folder, targets] of Object.entries(allowed)) {
    it(`functions/${folder} imports only ${['itself', ...targets].join(', ')}`, () => {
      const own = `functions/${folder}/`;
      const found = breaches(({ from, to, isTypeOnly }) => {
        if (!from.startsWith(own) || !to.startsWith('functions/') || to.startsWith(own)) return false;
        if (isTypeOnly && /^functions\/(ports|job|job-file)\//.test(to)) return false;
        // The composition root turns Config into Ports.
        if (from === 'functions/adapters/connect.ts' && to === 'functions/config.ts') return false;
        return !targets.some((target) => to.startsWith(`functions/${target}`));
      });
      assert.deepEqual(found, []);
    });
  }

  it('CONTRIBUTING.md says the same of each folder', () => {
    const text = readFileSync(`${projectRoot}CONTRIBUTING.md`, 'utf8');
    const [, table = ''] = /^\| folder of `functions\/` .*?\n(.*?)\n\n/ms.exec(text) ?? [];
    const rows = [...table.matchAll(/^\| `([\w-]+)` +\| (.*?) +\|$/gm)].map(([, folder = '', names = '']) => {
      return [folder, (names.split(':')[0]?.match(/\b(reconcile|job-file|job|ports)\b(?!-)/g) ?? []).sort()];
    });
    const folders = Object.entries(allowed).map(([folder, targets]) => {
      const whole = targets.filter((target) => target.endsWith('/')).map((target) => target.slice(0, -1));
      return [folder, whole.sort()];
    });
    assert.deepEqual(rows, folders);
  });

  it('what plan*.ts reaches is pure: job/, job-file/, files beside it; no port, log or module of Node.js', () => {
    const reached = new Set<string>();
    const queue = imports.map(({ from }) => from).filter((from) => /^functions\/reconcile\/plan[^/]*\.ts$/.test(from));
    for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
      if (reached.has(path)) continue;
      reached.add(path);
      queue.push(
        ...imports
          .filter(({ from, to, isTypeOnly }) => from === path && !isTypeOnly && to.startsWith('functions/'))
          .map(({ to }) => to),
      );
    }
    const impure = /^(functions\/(?!job\/|job-file\/|reconcile\/)|node:(?!assert))/;
    assert.deepEqual(
      breaches(({ from, to, isTypeOnly }) => reached.has(from) && !isTypeOnly && impure.test(to)),
      [],
    );
  });

  it('vendor packages are imported only in functions/adapters', () => {
    const deployed = /^(functions|cli)\/(?!adapters\/)/;
    assert.deepEqual(
      breaches(({ from, to }) => deployed.test(from) && vendorPackages.test(to)),
      [],
    );
  });

  it('only functions/index.ts and cli/ call connect.ts', () => {
    const callers = /^(functions\/index\.ts|cli\/|test\/|testing\/|bench\/)/;
    assert.deepEqual(
      breaches(({ from, to }) => to === 'functions/adapters/connect.ts' && !callers.test(from)),
      [],
    );
  });

  it('nothing deployed imports what is not deployed', () => {
    const outside = /^(local-cloud|cli|test|testing|bench|scripts|examples)\//;
    assert.deepEqual(
      breaches(({ from, to }) => from.startsWith('functions/') && outside.test(to)),
      [],
    );
  });

  it('nothing outside test/ imports from test/', () => {
    assert.deepEqual(
      breaches(({ from, to }) => !from.startsWith('test/') && to.startsWith('test/')),
      [],
    );
  });

  it('what tests and benchmarks share, in testing/, is imported only by them', () => {
    assert.deepEqual(
      breaches(({ from, to }) => !/^(test|testing|bench)\//.test(from) && to.startsWith('testing/')),
      [],
    );
  });

  it('no files import one another in a circle, types included', () => {
    const edge = (from: string, to: string): Import => ({ from, to, names: 'all', isTypeOnly: true });
    assert.deepEqual(findCircles([edge('a', 'b'), edge('b', 'c'), edge('c', 'b'), edge('c', 'd')]), [['b', 'c']]);
    assert.deepEqual(findCircles(imports), []);
  });

  it('only functions/config.ts reads the environment of the deployed functions', () => {
    const readers = projectFiles().filter(
      (path) => /^functions\/.*\.ts$/.test(path) && /process\.env\b/.test(readFileSync(projectRoot + path, 'utf8')),
    );
    assert.deepEqual(
      readers.filter((path) => path !== 'functions/config.ts'),
      [],
    );
  });
});
