// What every part of the set-up shares: places, the log, running a command, hashing, failing with a remedy.
// Plain JavaScript for Node.js 18 without any package: this runs before anything is installed.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, appendFileSync, constants, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const projectFolder = fileURLToPath(new URL('../../', import.meta.url)).replace(/\/$/, '');
/** Everything that set-up makes, except node_modules; removing it starts over. */
export const localFolder = join(projectFolder, '.local');
/** The project's own R library; nothing is ever installed into the user's or the system's. */
export const rLibrary = join(localFolder, 'R');
export const logFile = join(localFolder, 'setup.log');

/** A reason why set-up cannot go on, and what the user can do about it. */
export class SetupError extends Error {
  constructor(message, remedy) {
    super(message);
    this.remedy = remedy;
  }
}

/** One progress line; the detail goes to the log. */
export function say(text) {
  process.stderr.write(`setup: ${text}\n`);
}

/** The path of a command, or undefined. node_modules/.bin does not count: it may be about to be replaced. */
export function findCommand(name) {
  return searchPath()
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

function searchPath() {
  const usual = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
  const folders = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '' && !folder.includes('node_modules'));
  return [...new Set([...folders, ...usual])];
}

/**
 * Runs a command with its output in the log; resolves to {code, output}. The environment loses what `npm run` adds, so
 * that an npm started here behaves like one that the user starts.
 */
export function run(command, args, { env = {}, input = 'ignore', cwd = projectFolder } = {}) {
  mkdirSync(localFolder, { recursive: true });
  appendFileSync(logFile, `\n$ ${command} ${args.join(' ')}\n`);
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env: { ...cleanEnvironment(), ...env }, stdio: [input, 'pipe', 'pipe'] });
    let output = '';
    const keep = (chunk) => {
      output = (output + chunk).slice(-200_000);
      appendFileSync(logFile, chunk);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => resolve({ code: 127, output: `${output}${error.message}\n` }));
    child.on('close', (code, signal) =>
      resolve({ code: code ?? 1, output: signal ? `${output}ended by ${signal}\n` : output }),
    );
  });
}

/** The environment with a UTF-8 locale: in any other R cannot read letters beyond ASCII. One that is there stays. */
export function utf8Environment(env) {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  return /\.utf-?8(@|$)/i.test(locale) ? { ...env } : { ...env, LC_ALL: 'C.UTF-8' };
}

function cleanEnvironment() {
  const env = { ...utf8Environment(process.env), PATH: searchPath().join(delimiter) };
  const ofNpm = /^npm_(package|lifecycle|command|execpath|node_execpath)/;
  const ofItsProject = /^npm_config_(local_prefix|global_prefix|node_gyp|noproxy)$/;
  for (const name of Object.keys(env)) if (ofNpm.test(name) || ofItsProject.test(name)) delete env[name];
  delete env.NODE_OPTIONS;
  return env;
}

/** The last lines of a command's output, for an error message. */
export function tail(output, lines = 12) {
  return output
    .trimEnd()
    .split('\n')
    .slice(-lines)
    .map((line) => `    ${line}`)
    .join('\n');
}

/** A text file's contents, or undefined when it is not there. */
export function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * One hash over the names and contents of all files of a folder, build products left out; undefined when there is none.
 */
export function hashFolder(folder, { skip = /\.(o|so|dll)$/ } = {}) {
  const hash = createHash('sha256');
  const visit = (place, name) => {
    for (const entry of readdirSync(place, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = `${name}/${entry.name}`;
      if (entry.isDirectory()) visit(join(place, entry.name), path);
      else if (entry.isFile() && !skip.test(entry.name))
        hash
          .update(`${path}\0`)
          .update(readFileSync(join(place, entry.name)))
          .update('\0');
    }
  };
  try {
    visit(folder, '');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
  return hash.digest('hex');
}

/** One hash of some texts. */
export function hashTexts(...texts) {
  return createHash('sha256').update(JSON.stringify(texts)).digest('hex');
}
