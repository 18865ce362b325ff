/**
 * Which programs the project's own text starts: calls of node:child_process and of functions that hand a program's
 * name on to it, R's system calls, and the commands of shell scripts. Reads text only; what a name stands for at run
 * time it does not know, and says so.
 */
import { posix } from 'node:path';
import ts from 'typescript';

export interface Spawned {
  readonly file: string;
  /** undefined: what is started is not written there as a word. */
  readonly program: string | undefined;
}

const STARTERS = ['spawn', 'spawnSync', 'exec', 'execSync', 'execFile', 'execFileSync'];

interface Source {
  readonly path: string;
  /** Local name -> "module#name". */
  readonly names: Map<string, string>;
  readonly calls: (ts.CallExpression | ts.NewExpression)[];
  /** What a constant is made of; of `for (const [name] of rows)` the rows. */
  readonly values: Map<string, ts.Expression>;
}

/** What TypeScript and JavaScript files start. */
export function programsOfScripts(files: ReadonlyMap<string, string>): Spawned[] {
  const sources = [...files].map(([path, text]) => readSource(path, text));
  // "module#function" -> which of its parameters names the program.
  const starters = new Map(STARTERS.map((name) => [`node:child_process#${name}`, 0]));
  let found: Spawned[] = [];
  for (let known = -1; known < starters.size;) {
    known = starters.size;
    found = sources.flatMap((source) => startsOf(source, starters));
  }
  return found;
}

function readSource(path: string, text: string): Source {
  const source: Source = { path, names: new Map(), calls: [], values: new Map() };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) return noteImports(source, node);
    if (ts.isCallExpression(node) || ts.isNewExpression(node)) source.calls.push(node);
    if (ts.isVariableDeclaration(node)) noteValue(source, node);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true));
  return source;
}

function noteImports({ path, names }: Source, { moduleSpecifier, importClause }: ts.ImportDeclaration): void {
  if (!ts.isStringLiteral(moduleSpecifier)) return;
  const target = moduleSpecifier.text;
  const module = target.startsWith('.') ? posix.join(posix.dirname(path), target) : target;
  const bindings = importClause?.namedBindings;
  if (!bindings || !ts.isNamedImports(bindings)) return;
  for (const { name, propertyName } of bindings.elements)
    names.set(name.text, `${module}#${(propertyName ?? name).text}`);
}

function noteValue({ values }: Source, { name: target, initializer, parent }: ts.VariableDeclaration): void {
  const name = ts.isArrayBindingPattern(target) ? target.elements[0]?.getText() : target.getText();
  const rows = ts.isForOfStatement(parent.parent) ? parent.parent.expression : undefined;
  const value = initializer ?? (rows && ts.isAsExpression(rows) ? rows.expression : rows);
  if (name !== undefined && value) values.set(name, value);
}

function startsOf(source: Source, starters: Map<string, number>): Spawned[] {
  return source.calls.flatMap((call) => {
    const place = placeOfProgram(source, call.expression, starters);
    const argument = place === undefined ? undefined : call.arguments?.[place];
    if (argument === undefined || isOwnNode(argument)) return [];
    const parameter = parameterOf(source, argument);
    if (!parameter) return wordsOf(source, argument).map((program) => ({ file: source.path, program }));
    starters.set(parameter.function, parameter.place);
    return [];
  });
}

/** Which argument of this call names a program. */
function placeOfProgram(source: Source, callee: ts.Node, starters: Map<string, number>): number | undefined {
  if (ts.isCallExpression(callee) && callee.expression.getText() === 'promisify')
    return placeOfProgram(source, callee.arguments[0]!, starters);
  if (ts.isPropertyAccessExpression(callee)) {
    // A method of whatever object: of a class in this file, or in one that this file imports from.
    const modules = [source.path, ...[...source.names.values()].map((name) => name.split('#')[0]!)];
    return modules.map((module) => starters.get(`${module}#.${callee.name.text}`)).find((place) => place !== undefined);
  }
  if (!ts.isIdentifier(callee)) return undefined;
  const known = starters.get(source.names.get(callee.text) ?? `${source.path}#${callee.text}`);
  if (known !== undefined) return known;
  const value = source.values.get(callee.text);
  return value && ts.isCallExpression(value) && value.expression.getText() === 'promisify'
    ? placeOfProgram(source, value.arguments[0]!, starters)
    : undefined;
}

/** The function whose parameter this is, and the parameter's place. */
function parameterOf(source: Source, argument: ts.Node): { function: string; place: number } | undefined {
  if (!ts.isIdentifier(argument)) return undefined;
  for (let node: ts.Node = argument; !ts.isSourceFile(node); node = node.parent) {
    if (!ts.isFunctionLike(node)) continue;
    const place = node.parameters.findIndex(({ name }) => name.getText() === argument.text);
    if (place < 0) continue;
    const name = ts.isConstructorDeclaration(node) ? node.parent.name : (node.name ?? nameOfVariable(node));
    return { function: `${source.path}#${ts.isMethodDeclaration(node) ? '.' : ''}${name?.getText()}`, place };
  }
  return undefined;
}

function nameOfVariable(node: ts.Node): ts.Node | undefined {
  return ts.isVariableDeclaration(node.parent) ? node.parent.name : undefined;
}

/** The words that an argument can stand for; one undefined where that is not to be read. */
function wordsOf(source: Source, argument: ts.Node): (string | undefined)[] {
  if (ts.isStringLiteralLike(argument)) return [argument.text.split(/\s/)[0]!];
  if (ts.isCallExpression(argument) && argument.expression.getText() === 'findCommand')
    return wordsOf(source, argument.arguments[0]!);
  if (isPath(argument)) return [];
  if (!ts.isIdentifier(argument)) return [undefined];
  const value = source.values.get(argument.text);
  if (value === undefined) return [undefined];
  if (isOwnNode(value)) return [];
  if (ts.isStringLiteralLike(value)) return [value.text];
  if (!ts.isArrayLiteralExpression(value)) return wordsOf(source, value);
  return value.elements.map((row) =>
    ts.isArrayLiteralExpression(row) ? wordsOf(source, row.elements[0]!)[0] : undefined,
  );
}

/** A file named by its place, not looked for in PATH. */
function isPath(node: ts.Node): boolean {
  return ts.isCallExpression(node) && ['join', 'fileURLToPath'].includes(node.expression.getText());
}

function isOwnNode(node: ts.Node): boolean {
  return node.getText() === 'process.execPath';
}

const R_CALL = /\b(system2?|pipe|shell)\(\s*(.*)$/gm;

/** What R files start. */
export function programsOfR(path: string, text: string): Spawned[] {
  const code = text.replace(/^\s*#.*$/gm, '');
  return [...code.matchAll(R_CALL)].flatMap(([, call = '', rest = '']) => {
    const own = /^file\.path\(R\.home\("bin"\), "(\w+)"\)/.exec(rest)?.[1];
    if (own !== undefined) return [{ file: path, program: own }];
    const literal =
      /^(?:sprintf\()?"((?:[^"\\]|\\.)*)"/.exec(rest)?.[1] ?? assignedText(code, /^[\w.]+/.exec(rest)?.[0]);
    if (literal === undefined) return [{ file: path, program: undefined }];
    return call === 'system2' ? [{ file: path, program: literal }] : programsOfShell(path, literal);
  });
}

/** The texts of `name <- paste("a", x, "b")`, with a variable for what is not text. */
function assignedText(code: string, name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  const value = new RegExp(`\\b${name} <- (?:paste0?|sprintf)\\((.*)\\)$`, 'm').exec(code)?.[1];
  return value
    ?.split(/"((?:[^"\\]|\\.)*)"/)
    .map((part, index) => (index % 2 === 1 ? part : ' $x '))
    .join('');
}

const KEYWORDS = 'if|elif|then|else|while|until|do|time|exec|!';
const COMMAND = new RegExp(
  `(?:^|[;&|({]|\\$\\()\\s*(?:(?:${KEYWORDS})\\s+)*(?:\\w+=[^\\s(]*\\s+)*([A-Za-z][\\w.+-]*)(?=[\\s;)]|$)`,
  'gm',
);
const BUILTINS = new Set(
  (
    `${KEYWORDS}|case|esac|fi|done|for|in|function|select|` +
    'alias|bg|break|builtin|cd|command|continue|declare|echo|eval|exit|export|false|fg|getopts|hash|jobs|kill|let|' +
    'local|mapfile|printf|pwd|read|readonly|return|set|shift|shopt|source|test|times|trap|true|type|ulimit|umask|' +
    'unset|wait'
  ).split('|'),
);

/** The commands of a shell script that are neither the shell's own nor its functions. */
export function programsOfShell(path: string, text: string, functions = new Set<string>()): Spawned[] {
  const code = codeOfShell(text)
    .replace(/\$?\(\((?:[^()]|\([^()]*\))*\)\)/g, '0')
    .replace(/\[\[.*?\]\]/g, (test) => test.match(/\$\([^)]*\)/g)?.join(' ') ?? ':')
    // The patterns of case.
    .replace(/(^|;;|\bin\b)\s*[^\s()]+\)/gm, '$1;');
  const own = new Set([...functions, ...functionsOfShell(code)]);
  const words = [...code.matchAll(COMMAND)].map(([, word = '']) => word);
  // What a program is told to run: setpriv -- PROGRAM.
  const handedOn = [...code.matchAll(/ -- ([A-Za-z][\w.+-]*)/g)].map(([, word = '']) => word);
  return [...words, ...handedOn]
    .filter((word) => !BUILTINS.has(word) && !own.has(word))
    .map((program) => ({ file: path, program }));
}

/** Names of the functions that a shell script defines. */
export function functionsOfShell(text: string): string[] {
  return [...text.matchAll(/^\s*(\w+)\(\)/gm)].map(([, name = '']) => name);
}

const TOKENS = {
  code: /\\[^]|'[^']*'|"|\$\(|[()]|(?<!\S)#.*|[^]/y,
  quotes: /\\[^]|"|\$\(|[^]/y,
};

type Place = keyof typeof TOKENS;
/** What begins or ends at a token. */
const STEPS: Record<Place, Record<string, Place | 'end'>> = {
  code: { '"': 'quotes', '$(': 'code', '(': 'code', ')': 'end' },
  quotes: { '"': 'end', '$(': 'code' },
};

/** A script without comments and without what is quoted, except the commands in it. */
function codeOfShell(text: string): string {
  const within: Place[] = ['code'];
  let code = '';
  for (let at = 0; at < text.length;) {
    const place = within.at(-1) ?? 'code';
    const tokens = TOKENS[place];
    tokens.lastIndex = at;
    const token = tokens.exec(text)?.[0] ?? '';
    at = tokens.lastIndex;
    const step = STEPS[place][token];
    if (place === 'quotes' && !step) continue;
    code += token.length === 1 || step ? token : ' ';
    if (step === 'end') within.pop();
    else if (step) within.push(step);
  }
  return code;
}
