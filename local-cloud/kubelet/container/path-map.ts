/**
 * Stands in for the mount namespace: rewrites paths of the container to directories of this machine in texts (commands,
 * arguments, environment values). A path is recognised at path boundaries only, so `/scratch` is replaced in
 * `--dir=/scratch/tmp` and in `PATH=/scratch/bin:/bin` but neither in `/workspace` nor in `http://host/scratch`.
 */
export interface PathMapping {
  from: string;
  to: string;
}

export type MapPath = (text: string) => string;

/** One pass over the text, the longest mapping first, so that a replacement is never rewritten again. */
export function pathMapper(mappings: PathMapping[]): MapPath {
  const byPath = new Map<string, string>();
  for (const mapping of mappings) {
    const from = trimSlash(mapping.from);
    if (from !== '') byPath.set(from, trimSlash(mapping.to));
  }
  if (byPath.size === 0) return (text) => text;
  const alternatives = [...byPath.keys()].sort((a, b) => b.length - a.length).map(escapeRegExp);
  const pattern = new RegExp(`(?<![\\w.\\-/~])(?:${alternatives.join('|')})(?![\\w.\\-])`, 'g');
  return (text) => text.replace(pattern, (found) => byPath.get(found) ?? found);
}

function trimSlash(path: string): string {
  return path.replace(/\/+$/, '');
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
