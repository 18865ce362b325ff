// What documents, comments and configuration name exists: paths of this repository, npm scripts, folders of the import
// rule. Paths of users, buckets and what a build leaves are not looked at: only what begins with a name of
// this repository, or ends like its sources.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { commentWords, exists, findGhosts, type Known, withFolders } from '../support/named-paths.ts';
import { projectFiles, projectRoot } from '../support/source-files.ts';

/** Sources of this repository, as documents and comments name them; data and outputs of users end otherwise. */
const OWN_ENDINGS = /\.(ts|mjs|R|c|h|tf)$/;
const isText = (path: string): boolean =>
  /\.(ts|mjs|js|R|c|h|sh|tf|ya?ml)$/.test(path) || path.startsWith('worker-image/bin/');

const known = withFolders(projectFiles());
const scripts = Object.keys((JSON.parse(read('package.json')) as { scripts: object }).scripts);

function read(path: string): string {
  return readFileSync(projectRoot + path, 'utf8');
}

/** What a document says in code and in links, word by word. */
function wordsOf(text: string): string[] {
  const code = [...text.matchAll(/^```.*\n([^]*?)^```|`([^`\n]+)`/gm)].map(([, block, span]) => block ?? span ?? '');
  const links = [...text.matchAll(/\]\(([^)#:\s]+)(#[^)]*)?\)/g)].map(([, target]) => target!);
  return [...code.flatMap((part) => part.split(/[\s'"()=,;]+/)), ...links].map((word) => word.replace(/[.:]$/, ''));
}

/** Paths that the document of this name states and the repository lacks. */
function findGhostPaths(document: string, text: string, among: Known): string[] {
  return findGhosts(document, wordsOf(text), among, OWN_ENDINGS);
}

function findGhostScripts(text: string, among: readonly string[]): string[] {
  return [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name!).filter((name) => !among.includes(name));
}

/**
 * Alternatives at the beginning of a pattern, as in `/^(local-cloud|cli)\//`; those
 * that are patterns themselves are left out.
 */
function foldersInPatterns(source: string): string[] {
  return [...source.matchAll(/\/\^\(([^()[\]]+)\)/g)]
    .flatMap(([, alternatives]) => alternatives!.split('|'))
    .map((path) => path.replaceAll('\\', ''))
    .filter((path) => /^[a-z]/.test(path));
}

describe('what is named exists', () => {
  for (const document of [...known].filter((path) => path.endsWith('.md') && path !== 'CHANGELOG.md').toSorted())
    it(`the paths and npm scripts of ${document}`, () => {
      assert.deepEqual(findGhostPaths(document, read(document), known), []);
      assert.deepEqual(findGhostScripts(read(document), scripts), []);
    });

  it('the paths of comments', () => {
    const ghosts = projectFiles().flatMap((path) =>
      findGhosts(path, commentWords(path, isText(path) ? read(path) : ''), known, OWN_ENDINGS).map(
        (word) => `${path}: ${word}`,
      ),
    );
    assert.deepEqual(ghosts, []);
  });

  it('the folders of tsconfig.json', () => {
    const { include } = JSON.parse(read('tsconfig.json')) as { include: string[] };
    assert.deepEqual(
      include.filter((path) => !exists(path, known)),
      [],
    );
  });

  it('the files of each part of the linter, and the folders that the formatter leaves out', () => {
    const parts = [...read('eslint.config.js').matchAll(/files: \[([^\]]*)\]/g)].flatMap(([, list]) =>
      [...list!.matchAll(/'([^']+)'/g)].map(([, pattern]) => pattern!),
    );
    assert.ok(parts.length > 3);
    const inGit = read('.prettierignore')
      .split('\n')
      .filter((line) => line.includes('/'));
    assert.deepEqual(
      [...parts, ...inGit].filter((path) => !exists(path, known)),
      [],
    );
  });

  it('the entries of npm scripts and of continuous integration, and the files of every group of tests', () => {
    const { scripts: commands } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const entries = Object.values(commands).flatMap((command) => command.match(/\b[\w/-]+\.(ts|mjs)\b/g) ?? []);
    const groups = read('scripts/test-groups.ts').match(/test\/[\w/*.-]+\*[\w/*.-]+/g) ?? [];
    assert.ok(entries.length > 10 && groups.length > 4);
    assert.deepEqual(
      [...entries, ...groups].filter((path) => !exists(path, known)),
      [],
    );
    assert.deepEqual(findGhostScripts(read('.ci/run'), scripts), []);
  });

  it('the folders of the import rule', () => {
    const rule = read('test/rules/import-rule.test.ts');
    const folders = foldersInPatterns(rule);
    const inFunctions = [...rule.matchAll(/^ {2}(\w+): \[(.*)\],$/gm)].flatMap(([, folder, list]) => [
      `functions/${folder}`,
      ...[...list!.matchAll(/'([^']+)'/g)].map(([, target]) => `functions/${target}`),
    ]);
    assert.ok(folders.length > 5 && inFunctions.length > 5);
    assert.deepEqual(
      [...folders, ...inFunctions].filter((path) => !exists(path, known)),
      [],
    );
  });
});

describe('the search for what does not exist', () => {
  it('finds a path in a comment of each language, and none in its code', () => {
    const ghostsOf = (path: string, text: string): string[] =>
      findGhosts(path, commentWords(path, text), few, OWN_ENDINGS);
    const script = "// See gone.ts:12, phase.ts and docs/guide.md.\nread('lost.ts'); /* functions/job/none.ts */\n";
    assert.deepEqual(ghostsOf('test/unit/a.test.ts', script), ['gone.ts', 'functions/job/none.ts']);
    assert.deepEqual(ghostsOf('worker-image/R/a.R', 'f("lost.R") # as in gone.R and phase.ts\n'), ['gone.R']);
    assert.deepEqual(ghostsOf('worker-image/src/a.c', '/* see gone.c */ int x; // docs/none.md\n'), [
      'gone.c',
      'docs/none.md',
    ]);
  });

  const few = withFolders(['docs/guide.md', 'functions/job/phase.ts', 'test/unit/a.test.ts']);

  it('finds a path in code, in a link and in a block, and a file that stands nowhere', () => {
    const text = 'See `functions/job/gone.ts`, [this](lost.R), `nowhere.ts`.\n```\nnode test/none/*.test.ts\n```\n';
    assert.deepEqual(findGhostPaths('docs/guide.md', text, few).toSorted(), [
      'functions/job/gone.ts',
      'lost.R',
      'nowhere.ts',
      'test/none/*.test.ts',
    ]);
  });

  it('leaves alone what exists, by its path or name, and what is not of the repository', () => {
    const text = '`functions/job/`, `phase.ts`, `test/unit/*.test.ts`, `jobs/a.json`, `a.rds`, [here](guide.md)';
    assert.deepEqual(findGhostPaths('docs/guide.md', text, few), []);
  });

  it('finds an npm script and a folder of a pattern', () => {
    assert.deepEqual(findGhostScripts('`npm run test:browser`, `npm run check`', ['check']), ['test:browser']);
    assert.deepEqual(foldersInPatterns(String.raw`/^(functions|simulator|cli\/)\//`), [
      'functions',
      'simulator',
      'cli/',
    ]);
  });
});
