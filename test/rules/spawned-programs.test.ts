// Every program that the project starts is there: set-up installs it (scripts/setup/programs.json), every Debian has
// it, the image installs it, or the test that starts it asks with needs().
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { isScalar, isSeq, parseAllDocuments, visit } from 'yaml';
import { optionalPrograms } from '../support/needs-program.ts';
import { projectFiles, projectRoot } from '../support/source-files.ts';
import {
  functionsOfShell,
  programsOfR,
  programsOfScripts,
  programsOfShell,
  type Spawned,
} from '../support/spawned-programs.ts';

interface Programs {
  /** Program -> the Debian package that set-up installs for it. */
  installed: Record<string, string>;
  /** Program -> the package of it that no Debian lacks. */
  essential: Record<string, string>;
  companions: Record<string, string[]>;
  /** Program -> what happens where it is missing. */
  optional: Record<string, string>;
}

const programs = JSON.parse(read('scripts/setup/programs.json')) as Programs;

/** Files whose programs are not written there as a word, and why that is right. */
const unread: Record<string, string> = {
  'scripts/run.mjs': "the project's own Node.js",
  'scripts/setup/project.mjs': 'runs what the other parts of set-up name',
  'scripts/setup/system-packages.mjs': 'runs apt-get, which it has looked for, as root',
  'test/support/command.ts': "the project's own command",
  'worker-image/R/standalone.R': "the package's own run-worker",
};

/** Starts what needs-program.ts has found. */
function isAboutFound(file: string): boolean {
  return file.startsWith('test/') && /from '.*\/needs-program\.ts'/.test(read(file));
}

function read(path: string): string {
  return readFileSync(projectRoot + path, 'utf8');
}

const files = projectFiles();
const shellScripts = files.filter(
  (path) => /\.sh$/.test(path) || /^#!.*\b(ba)?sh\b/.test(read(path).split('\n', 1)[0]!),
);

function allSpawned(): Spawned[] {
  const scripts = new Map(files.filter((path) => /\.(ts|mjs)$/.test(path)).map((path) => [path, read(path)]));
  const functions = new Set(shellScripts.flatMap((path) => functionsOfShell(read(path))));
  return [
    ...programsOfScripts(scripts),
    ...files.filter((path) => /\.R$/.test(path)).flatMap((path) => programsOfR(path, read(path))),
    ...shellScripts.flatMap((path) => programsOfShell(path, read(path), functions)),
    ...files.filter((path) => path.startsWith('manifests/')).flatMap((path) => programsOfManifest(path, read(path))),
  ];
}

/** The first words of containers' commands; paths lead into the image. */
function programsOfManifest(file: string, text: string): Spawned[] {
  const found: Spawned[] = [];
  for (const document of parseAllDocuments(text)) {
    visit(document, {
      Pair(_, { key, value }) {
        if (!isScalar(key) || key.value !== 'command' || !isSeq(value)) return;
        const program = String(value.get(0));
        if (!program.startsWith('/')) found.push({ file, program });
      },
    });
  }
  return found;
}

const spawned = allSpawned();

function strangers(known: (program: string) => boolean): string[] {
  return spawned.flatMap(({ file, program }) => (program === undefined || known(program) ? [] : `${file}: ${program}`));
}

describe('programs that are started', () => {
  it('are installed by set-up, part of every Debian, or asked for with needs()', () => {
    const { installed, essential, optional } = programs;
    const known = { node: '', ...installed, ...essential, ...optional, ...optionalPrograms };
    assert.deepEqual(
      strangers((program) => Object.hasOwn(known, program)),
      [],
    );
  });

  it('are named where they are started, or it is known why not', () => {
    const files = spawned.filter(({ program }) => program === undefined).map(({ file }) => file);
    assert.deepEqual(
      files.filter((file) => unread[file] === undefined && !isAboutFound(file)),
      [],
    );
  });

  it('by scripts of the image are in the image', () => {
    const image = read('worker-image/Dockerfile');
    const [, list = ''] = /--no-install-recommends ([^&]*)&&/.exec(image) ?? [];
    const packages = list.split(/[\s\\]+/);
    const { installed, essential } = programs;
    const ofImage = spawned.filter(
      ({ file }) => file.startsWith('worker-image/bin/') || file.startsWith('worker-image/R/'),
    );
    const missing = ofImage.filter(({ program = 'sh' }) => {
      const { [program]: name = essential[program] } = installed;
      return name !== undefined && name !== 'r-base-core' && !(program in essential) && !packages.includes(name);
    });
    assert.deepEqual(missing, []);
  });

  it('are the only ones that set-up installs', () => {
    // Compilers are started by R.
    const byR = ['gcc', 'g++', 'make'];
    const started = new Set([...byR, ...spawned.map(({ program }) => program)]);
    assert.deepEqual(
      Object.keys({ ...programs.installed, ...programs.essential, ...programs.optional }).filter(
        (program) => !started.has(program),
      ),
      [],
    );
  });
});

describe('the search for started programs', () => {
  it('follows a name through functions, methods, constructors, constants and promisify', () => {
    const scripts = new Map([
      [
        'a/run.ts',
        "import { spawn } from 'node:child_process';\n" +
          'export function run(x: number, file: string) { spawn(file, []); }',
      ],
      ['a/use.ts', "import { run as go } from './run.ts';\nconst tool = 'two';\ngo(1, 'one');\ngo(2, tool);"],
      [
        'a/lab.ts',
        "import { execFile } from 'node:child_process';\nexport class Lab { run(file: string) { execFile(file); } }",
      ],
      ['a/test.ts', "import { Lab } from './lab.ts';\nnew Lab().run('three');"],
      [
        'a/rows.ts',
        "import { execFile } from 'node:child_process';\nconst call = promisify(execFile);\n" +
          "for (const [file, args] of [['four', []], ['five', []]] as const) call(file, args);\n" +
          'call(process.execPath);',
      ],
      ['a/other.ts', "function spawn(name: string) {}\nspawn('not one');"],
      ['a/made.ts', "import { spawn } from 'node:child_process';\nspawn(names[0]);"],
    ]);
    assert.deepEqual(
      programsOfScripts(scripts).map(({ file, program }) => `${file} ${program}`),
      ['a/use.ts one', 'a/use.ts two', 'a/test.ts three', 'a/rows.ts four', 'a/rows.ts five', 'a/made.ts undefined'],
    );
  });

  it('reads what R starts', () => {
    const code = [
      'system2("curl", c("--config", x))',
      'system(sprintf("(wget %s; echo $?) &", url))',
      'line <- paste(env, "exec", script, "| gzip")',
      'x <- system(line, intern = TRUE)',
      '# system("comment")',
      'system2(file.path(R.home("bin"), "Rscript"), "x")',
      'system(f())',
    ].join('\n');
    assert.deepEqual(
      programsOfR('a.R', code).map(({ program }) => program),
      ['curl', 'wget', 'gzip', 'Rscript', undefined],
    );
  });

  it('reads the commands of a shell script, not its functions, words and patterns', () => {
    const code = [
      '#!/bin/bash',
      'beat() { [[ -n $x ]] && awk 1; }',
      'if ! beat "$(jq . <file)"; then sed -n p >&2 & fi',
      "case $1 in a) tr 'x;perl' y ;; esac",
      'X=1 env -i # grep',
      'setpriv --pdeathsig KILL -- Rscript -e 1',
      'n=$((n + 1)) m=$(<"$file")',
    ].join('\n');
    assert.deepEqual(
      programsOfShell('a.sh', code)
        .map(({ program }) => program)
        .toSorted(),
      ['Rscript', 'awk', 'env', 'jq', 'sed', 'setpriv', 'tr'],
    );
  });
});
