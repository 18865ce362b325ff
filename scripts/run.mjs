// node scripts/run.mjs ENTRY [ARGUMENT...]: set-up, then a TypeScript entry on the project's own
// Node.js. This is what the npm scripts call. Passes signals on and ends as the entry ends. Plain
// JavaScript for Node.js 18 without any package.
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { ownNode } from './setup/npm-packages.mjs';
import { projectFolder, rLibrary, utf8Environment } from './setup/project.mjs';
import { setUp } from './setup.mjs';

const [entry, ...args] = process.argv.slice(2);
if (entry === undefined) {
  process.stderr.write('usage: node scripts/run.mjs ENTRY [ARGUMENT...]\n');
  process.exit(2);
}
await setUp();

const libraries = [rLibrary, process.env.R_LIBS].filter(Boolean).join(':');
const child = spawn(ownNode, [resolve(projectFolder, entry), ...args], {
  stdio: 'inherit',
  env: { ...utf8Environment(process.env), R_LIBS: libraries },
});
// A terminal sends Ctrl-C to the whole group; the entry decides what it means, and this process must outlive it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
  });
}
child.on('error', (error) => {
  process.stderr.write(`${entry}: ${error.message}\n`);
  process.exit(1);
});
child.on('exit', (code, signal) => {
  if (signal === null) process.exit(code);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
});
