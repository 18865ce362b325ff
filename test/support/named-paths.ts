// Words of documents and comments that are paths of this repository, for the rule that what is named exists.
import { matchesGlob, posix } from 'node:path';
import ts from 'typescript';

/** Every file and folder of the repository. */
export type Known = ReadonlySet<string>;

export function withFolders(files: readonly string[]): Known {
  const known = new Set(files);
  for (const file of files)
    for (let folder = posix.dirname(file); folder !== '.'; folder = posix.dirname(folder)) known.add(folder);
  return known;
}

export function exists(path: string, among: Known): boolean {
  const plain = posix.normalize(path).replace(/\/$/, '');
  return plain.includes('*') ? [...among].some((each) => matchesGlob(each, plain)) : among.has(plain);
}

/** Of words in this file those that are paths which the repository lacks; `own`: endings of its own files only. */
export function findGhosts(document: string, words: readonly string[], among: Known, own: RegExp): string[] {
  const besideIt = (path: string): string => posix.join(posix.dirname(document), path);
  return words.filter((word) => {
    if (!/^(\.{1,2}\/)*[\w.*-]+(\/[\w.*-]+)*\/?$/.test(word) || /^\W*$/.test(word)) return false;
    if (exists(word, among) || exists(besideIt(word), among)) return false;
    const [first = ''] = word.split('/');
    if (word.includes('/') && among.has(first) && !first.includes('.')) return true;
    if (!own.test(word)) return false;
    return ![...among].some((each) => matchesGlob(each, `**/${word}`));
  });
}

/** What the comments of a file say, word by word. */
export function commentWords(path: string, text: string): string[] {
  return commentsOf(path, text)
    .flatMap((comment) => comment.split(/[\s'"()=,;`<>[\]]+/))
    .map((word) => word.replace(/[.:]+$/, '').replace(/:\d+$/, ''));
}

function commentsOf(path: string, text: string): string[] {
  if (/\.(ts|mjs|js)$/.test(path)) return scriptComments(path, text);
  if (/\.(c|h)$/.test(path)) return [...text.matchAll(/\/\*[^]*?\*\/|\/\/.*/g)].map(([comment]) => comment);
  return text.split('\n').flatMap((line) => /(?:^|\s)#(.*)$/.exec(line)?.[1] ?? []);
}

function scriptComments(path: string, text: string): string[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const found = new Map<number, string>();
  const visit = (node: ts.Node): void => {
    const before = ts.getLeadingCommentRanges(text, node.getFullStart()) ?? [];
    const behind = ts.getTrailingCommentRanges(text, node.end) ?? [];
    for (const { pos, end } of [...before, ...behind]) found.set(pos, text.slice(pos, end));
    ts.forEachChild(node, visit);
  };
  visit(source);
  return [...found.values()];
}
