/**
 * `matchGlob` of object listings: `*` and `?` stay within a path segment, `**` does not;
 * `[a-c]`, `[!x]` and `{a,b}` as in shells.
 *
 * Own code, because libraries (minimatch, path.matchesGlob of Node.js) match paths of files: `**` within a name
 * (`a**b`) ends at a slash there, and `a/` does not match `a/*`. Names of objects are plain text.
 */
import { invalid } from './api-error.ts';

export function globToRegExp(glob: string): RegExp {
  let pattern = '';
  let depth = 0;
  for (let at = 0; at < glob.length;) {
    const { text, length, opens } = translate(glob, at, depth);
    pattern += text;
    depth += opens;
    at += length;
  }
  if (depth !== 0) throw invalid(`Invalid matchGlob: ${glob}`);
  return new RegExp(`^${pattern}$`, 'su');
}

interface Piece {
  text: string;
  length: number;
  opens: number;
}

function translate(glob: string, at: number, depth: number): Piece {
  const symbol = String.fromCodePoint(glob.codePointAt(at) ?? 0);
  switch (symbol) {
    case '*':
      return glob[at + 1] === '*' ? piece('.*', 2) : piece('[^/]*', 1);
    case '?':
      return piece('[^/]', 1);
    case '[':
      return characterClass(glob, at);
    case '{':
      return piece('(?:', 1, 1);
    case '}':
      return depth > 0 ? piece(')', 1, -1) : piece('\\}', 1);
    case ',':
      return depth > 0 ? piece('|', 1) : piece(',', 1);
    case '\\':
      return at + 1 < glob.length ? piece(escape(glob.charAt(at + 1)), 2) : piece('\\\\', 1);
    default:
      return piece(escape(symbol), symbol.length);
  }
}

function characterClass(glob: string, at: number): Piece {
  const end = glob.indexOf(']', at + 2);
  if (end < 0) return piece('\\[', 1);
  const inside = glob.slice(at + 1, end);
  const negated = inside.startsWith('!') || inside.startsWith('^');
  const members = (negated ? inside.slice(1) : inside).replace(/[\\[\]^]/g, '\\$&');
  return piece(negated ? `[^/${members}]` : `[${members}]`, end - at + 1);
}

function piece(text: string, length: number, opens = 0): Piece {
  return { text, length, opens };
}

function escape(text: string): string {
  return text.replace(/[$()*+.?[\\\]^{|}/]/g, '\\$&');
}
