// Bytes of a job file to plain values, and where each value stands. Refuses everything in YAML that can
// surprise or explode: anchors, aliases, tags, merge keys, several documents, duplicate keys, deep
// nesting. Does not know which keys exist.
import { Composer, isCollection, isMap, isNode, isPair, isScalar, LineCounter, Parser } from 'yaml';
import type { CST, Document } from 'yaml';
import { formatPath, shorten } from './problem.ts';
import type { Problem, ProblemCode } from './problem.ts';

export type JobFileName = 'job.yaml' | 'job.json';

/** Where something stands: for sorting, and for people ("job.yaml:3:8", line and column). */
export interface Position {
  readonly offset: number;
  readonly text: string;
}

/** A parsed file: its value, and where the value at a path stands. */
export interface JobDocument {
  readonly value: unknown;
  locate(path: readonly PropertyKey[]): Position;
}

/**
 * Far above any real job file (about 1 KiB), far below what could hurt. Of one that is longer, as many bytes and one
 * more are enough to refuse it.
 */
export const MAX_JOB_FILE_BYTES = 64 * 1024;
const deepestNesting = 16;

/** Reads a job file, or says what is wrong with it as a text. */
export function readDocument(bytes: Uint8Array, fileName: JobFileName): JobDocument | { problems: Problem[] } {
  if (bytes.byteLength > MAX_JOB_FILE_BYTES) {
    const size = `the file has ${bytes.byteLength} bytes; at most ${MAX_JOB_FILE_BYTES} are read`;
    return refuse('FF-SPEC-SIZE', size, 'Keep data in files of its own beside the job file.');
  }
  const text = decodeUtf8(bytes);
  if (text === undefined)
    return refuse('FF-SPEC-ENCODING', 'the file is not UTF-8 text', 'Save it as UTF-8 without other encodings.');
  return fileName === 'job.json' ? readJson(text) : readYaml(text, fileName);
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * JSON is read by the YAML reader too, for positions and duplicate keys; JSON.parse first sees to it that it is JSON.
 */
function readJson(text: string): JobDocument | { problems: Problem[] } {
  const document = readYaml(text, 'job.json');
  if ('problems' in document && document.problems.some(isFinalForJson)) return document;
  try {
    JSON.parse(text);
  } catch (error) {
    return refuse(
      'FF-SPEC-SYNTAX',
      `the file is not JSON: ${shorten(error instanceof Error ? error.message : String(error), 160)}`,
      'Correct it, or name it job.yaml.',
    );
  }
  return document;
}

function isFinalForJson({ code }: Problem): boolean {
  return code === 'FF-SPEC-DEPTH' || code === 'FF-SPEC-EMPTY';
}

function readYaml(text: string, fileName: JobFileName): JobDocument | { problems: Problem[] } {
  const lines = new LineCounter();
  const tokens: CST.Token[] = [...new Parser(lines.addNewLine).parse(text)];
  const at = (offset: number): string => formatPosition(fileName, lines, offset);
  const features = findForbidden(tokens, at);
  if (features.length > 0) return { problems: features };
  const [document, ...rest] = new Composer({
    uniqueKeys: true,
    stringKeys: true,
    version: '1.2',
    schema: 'core',
  }).compose(tokens, true, text.length);
  if (document === undefined || rest.length > 0) {
    return refuse(
      'FF-SPEC-SYNTAX',
      'the file holds several documents',
      'Remove the "---" lines and keep one document.',
    );
  }
  if (document.errors.length > 0)
    return { problems: document.errors.map((error) => describeSyntax(error, document, at)) };
  const value = toValue(document.contents, []);
  if (value === null) return refuse('FF-SPEC-EMPTY', 'the file is empty', 'One line is enough: "script: run.R".');
  const locate = (path: readonly PropertyKey[]): Position => {
    const offset = findOffset(document, path);
    return { offset, text: at(offset) };
  };
  return { value, locate };
}

function formatPosition(fileName: JobFileName, lines: LineCounter, offset: number): string {
  const { line, col } = lines.linePos(offset);
  return `${fileName}:${Math.max(line, 1)}:${Math.max(col, 1)}`;
}

function describeSyntax(
  error: { code: string; message: string; pos: [number, number] },
  document: Document,
  at: (offset: number) => string,
): Problem {
  const [offset] = error.pos;
  if (error.code !== 'DUPLICATE_KEY') {
    const remedy = 'Correct the line; indent with spaces, and put text with ": " or "#" in quotes.';
    const [firstLine = ''] = error.message.split('\n');
    return problem('FF-SPEC-SYNTAX', `${shorten(firstLine, 160)} (${at(offset)})`, remedy);
  }
  const path = formatPath(findKeyPath(document.contents, offset, []) ?? []);
  const message = `${path === '' ? 'a key' : `the key ${path}`} occurs twice (${at(offset)})`;
  return { code: 'FF-SPEC-DUPLICATE-KEY', path, message, remedy: 'Keep one of the two.' };
}

/** The path of the key that begins at an offset. */
function findKeyPath(node: unknown, offset: number, path: readonly PropertyKey[]): readonly PropertyKey[] | undefined {
  if (!isCollection(node)) return undefined;
  for (const [index, item] of node.items.entries()) {
    const key = isPair(item) && isScalar(item.key) ? String(item.key.value) : index;
    if (isPair(item) && offsetOf(item.key) === offset) return [...path, key];
    const found = findKeyPath(isPair(item) ? item.value : item, offset, [...path, key]);
    if (found !== undefined) return found;
  }
  return undefined;
}

const forbiddenTokens: Readonly<Record<string, string>> = {
  alias: 'an alias (*name)',
  anchor: 'an anchor (&name)',
  tag: 'a tag (!name)',
  directive: 'a directive (%NAME)',
};

/** Walks the flat-parsed tokens without recursion: nesting is unknown until here and could exhaust the stack later. */
function findForbidden(tokens: readonly CST.Token[], at: (offset: number) => string): Problem[] {
  const problems: Problem[] = [];
  const stack: { token: CST.Token; depth: number }[] = tokens.map((token) => ({ token, depth: 0 })).reverse();
  for (let next = stack.pop(); next !== undefined && problems.length < 20; next = stack.pop()) {
    const { token } = next;
    const what = forbiddenTokens[token.type];
    if (what !== undefined) {
      const remedy = 'Write the value itself; text that begins with & * ! or % needs quotes.';
      problems.push(
        problem('FF-SPEC-YAML-FEATURE', `the file uses ${what}, which is not read (${at(token.offset)})`, remedy),
      );
    }
    if (next.depth > deepestNesting) {
      const message = `the file is nested more than ${deepestNesting} levels deep (${at(token.offset)})`;
      return [problem('FF-SPEC-DEPTH', message, 'No key needs more than three levels.')];
    }
    for (const child of childrenOf(token).reverse()) {
      stack.push({ token: child, depth: next.depth + ('items' in token ? 1 : 0) });
    }
  }
  return problems;
}

function childrenOf(token: CST.Token): CST.Token[] {
  if (token.type === 'document')
    return [...token.start, ...(token.value === undefined ? [] : [token.value]), ...(token.end ?? [])];
  if (!('items' in token)) return 'props' in token ? [...token.props] : [];
  return token.items.flatMap((item) => [
    ...item.start,
    ...('key' in item && item.key ? [item.key] : []),
    ...('sep' in item && item.sep ? item.sep : []),
    ...(item.value ? [item.value] : []),
  ]);
}

/**
 * Plain values of the tree. Numbers and booleans below `arguments` and `env` keep their spelling, because R gets
 * them as text: `1.10` must not become 1.1.
 */
function toValue(node: unknown, path: readonly PropertyKey[]): unknown {
  if (isScalar(node)) {
    const keepsSpelling = (path[0] === 'arguments' || path[0] === 'env') && path.length === 2;
    return keepsSpelling && node.value !== null && node.source !== undefined ? node.source : node.value;
  }
  if (!isCollection(node)) return null;
  if (!isMap(node)) return node.items.map((item, index) => toValue(item, [...path, index]));
  const record: Record<string, unknown> = {};
  for (const pair of node.items) {
    const key = isScalar(pair.key) ? String(pair.key.value) : '';
    // defineProperty: an assignment to __proto__ would vanish instead of being reported as an unknown key.
    Object.defineProperty(record, key, {
      value: toValue(pair.value, [...path, key]),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return record;
}

/** Offset of the value at a path, of its key when the path ends at one, or of the nearest enclosing value. */
function findOffset(document: Document, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents;
  let offset = offsetOf(node) ?? 0;
  for (const part of path) {
    const pair = isMap(node)
      ? node.items.find((item) => isScalar(item.key) && String(item.key.value) === part)
      : undefined;
    node = pair !== undefined ? pair.value : isCollection(node) ? node.get(part, true) : undefined;
    offset = offsetOf(pair?.key) ?? offsetOf(node) ?? offset;
  }
  return offset;
}

function offsetOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

function problem(code: ProblemCode, message: string, remedy: string): Problem {
  return { code, path: formatPath([]), message, remedy };
}

function refuse(code: ProblemCode, message: string, remedy: string): { problems: Problem[] } {
  return { problems: [problem(code, message, remedy)] };
}
