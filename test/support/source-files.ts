// The project's own files, for the rule tests: what git tracks or would track, or everything
// outside ignored folders where there is no git.
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const projectRoot = fileURLToPath(new URL('../../', import.meta.url));

/** Paths relative to the project, sorted; files only, and only those that exist. */
export function projectFiles(): string[] {
  return listFiles()
    .filter((path) => existsSync(projectRoot + path) && statSync(projectRoot + path).isFile())
    .sort();
}

function listFiles(): string[] {
  try {
    const args = ['ls-files', '--cached', '--others', '--exclude-standard', '-z'];
    const files = execFileSync('git', args, {
      cwd: projectRoot,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return files.split('\0').filter((path) => path !== '');
  } catch {
    const ignored = ['node_modules', '.git', '.local', 'build', 'coverage', '.terraform'];
    return globSync('**/*', {
      cwd: projectRoot,
      exclude: (path) => ignored.some((name) => path.split('/').includes(name)),
    });
  }
}
