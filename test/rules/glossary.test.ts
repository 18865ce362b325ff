// The words of ARCHITECTURE.md's glossary are those of the code, and words that were given up stay away.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import ts from 'typescript';
import { projectFiles, projectRoot } from '../support/source-files.ts';
import { valuesExportedBy } from '../support/source-imports.ts';

const read = (path: string): string => readFileSync(projectRoot + path, 'utf8');

/** Names that a person gives, with what they are given to. */
interface Named {
  readonly name: string;
  readonly where: string;
  readonly given: string;
}

/** What gives a name of ours. An object's members do not: a library may demand them. */
function isDeclaration(node: ts.Node): node is ts.NamedDeclaration {
  return (
    ts.isVariableDeclaration(node) ||
    ts.isParameter(node) ||
    ts.isBindingElement(node) ||
    ts.isFunctionDeclaration(node) ||
    ts.isClassElement(node) ||
    ts.isTypeElement(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isClassDeclaration(node)
  );
}

function namesOf(path: string): Named[] {
  const source = ts.createSourceFile(path, read(path), ts.ScriptTarget.Latest, true);
  const found: Named[] = [];
  const visit = (node: ts.Node): void => {
    if (isDeclaration(node)) {
      const { name } = node;
      if (name !== undefined && (ts.isIdentifier(name) || ts.isPrivateIdentifier(name))) {
        const { line } = source.getLineAndCharacterOfPosition(name.getStart());
        found.push({ name: name.text.replace('#', ''), where: `${path}:${line + 1}`, given: node.getText() });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

const typescript = projectFiles().filter((path) => /\.(ts|mjs)$/.test(path));
const named = typescript.flatMap(namesOf);
/** In R, C and shell. */
const otherCode = projectFiles().filter((path) => /\.[RchS]$/.test(path) || path.startsWith('worker-image/bin/'));

const wordsOf = (name: string): string =>
  name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll(/[_.]/g, ' ')
    .toLowerCase();

/** Of each row the words, and their meaning. */
const rows = [
  ...(/^## Glossary$(.*?)^## /ms.exec(read('ARCHITECTURE.md'))?.[1] ?? '').matchAll(
    /^\| ([a-z][\w ,-]+?) +\| (.*?) +\|$/gm,
  ),
].flatMap(([, words = '', meaning = '']) => (words === 'word' ? [] : [{ words: words.split(', '), meaning }]));
const glossary = rows.flatMap(({ words }) => words);

/** Words of the glossary that the code writes in another way. */
const AS_THE_CODE_SAYS: Record<string, string> = {
  'local cloud': 'LocalCloud',
  'job file': 'JobFile',
  'control file': 'Control',
};

/** Given up: the word, and what stands for it. */
const RETIRED: Record<string, string> = {
  decide: 'noteDecision',
  guarded: 'a noun with it',
  giveBack: 'a noun with it',
  tend: 'tendWorkload',
  once: 'a noun with it',
  cpuRoom: 'the glossary has no room',
  wish: 'asked',
  wishes: 'asked',
  want: 'asked',
  wants: 'asked',
};

describe('the glossary', () => {
  it('has no word that the code does not use', () => {
    const code = [...named.map(({ name }) => wordsOf(name)), ...otherCode.map((path) => read(path).toLowerCase())];
    const text = code.join('\n');
    const unused = glossary.filter((word) => {
      const form = wordsOf(AS_THE_CODE_SAYS[word] ?? word).replaceAll('-', '[- ]?');
      return !new RegExp(`\\b${form}`).test(text);
    });
    assert.ok(glossary.length > 40);
    assert.deepEqual(unused, []);
  });

  it('explains each word by words above it', () => {
    const tooEarly = rows.flatMap(({ words, meaning }, index) => {
      const below = rows.slice(index + 1).flatMap((row) => row.words);
      const used = below.filter((word) => new RegExp(`\\b${word}(s|es)?\\b`, 'i').test(meaning));
      return used.map((word) => `${words.join(', ')}: ${word}`);
    });
    assert.deepEqual(tooEarly, []);
  });

  it('is the only vocabulary: a word that was given up is no name', () => {
    const back = named.filter(({ name }) => Object.hasOwn(RETIRED, name));
    assert.deepEqual(
      back.map(({ name, where }) => `${where} ${name}: ${RETIRED[name]}`),
      [],
    );
    const inOthers = otherCode.filter((path) => /^[^#*/]*\b(wish|wishes|wants?)\b *(=|<-)/m.test(read(path)));
    assert.deepEqual(inOthers, []);
  });

  it('calls only a signed URL so, never an address', () => {
    const isSigned = ({ name }: Named): boolean => /sign\w*address|address\w*sign/i.test(name);
    assert.deepEqual(
      named.filter(isSigned).map(({ where }) => where),
      [],
    );
  });

  it('has a ledger of the job only: the account of the local cloud is its books', () => {
    const ofLocalCloud = named.filter(({ name, where }) => where.startsWith('local-cloud/') && /ledger/i.test(name));
    assert.deepEqual(
      ofLocalCloud.map(({ where }) => where),
      [],
    );
  });

  it('has one meaning for each exported value, among decisions and what tests share', () => {
    const files = typescript.filter((path) => /^(functions|testing|scripts)\/.*\.ts$/.test(path));
    const values = files.flatMap((path) => valuesExportedBy(path).map((name) => ({ name, path })));
    const twice = [...Map.groupBy(values, ({ name }) => name)].filter(([, places]) => places.length > 1);
    assert.deepEqual(
      twice.map(([name, places]) => [name, ...places.map(({ path }) => path)].join(' ')),
      [],
    );
  });

  it('says seen of what a pass has observed only', () => {
    const isObservation = /^seen(: (Pick<)?(Observation|Seen|SeenWorking)\b|, |$)/;
    const others = named.filter(
      ({ name, where, given }) => name === 'seen' && where.startsWith('functions/') && !isObservation.test(given),
    );
    assert.deepEqual(
      others.map(({ where, given }) => `${where} ${given.slice(0, 60)}`),
      [],
    );
  });

  it('says now of times only', () => {
    // What is read from a clock: `Date.now()`, `clock.nowMs()`, `time(input.nowMs)`; not `flavourNow()`.
    const isTime =
      /^now\??(: (number|string|Date)\b| = (new Date\b|NOW\b|time\(|[\w.#]*\b(now|nowMs)\()|, |$)|^#?now\(/;
    const others = named.filter(({ name, given }) => name === 'now' && !isTime.test(given.split('\n')[0] ?? ''));
    assert.deepEqual(
      others.map(({ where, given }) => `${where} ${given.slice(0, 60)}`),
      [],
    );
  });
});
