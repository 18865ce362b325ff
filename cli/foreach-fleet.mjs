#!/usr/bin/env node
// The command as npm installs it: set-up first (quick when nothing is to be done), then
// cli/main.ts on the project's own Node.js.
import { fileURLToPath } from 'node:url';

process.argv.splice(2, 0, fileURLToPath(new URL('main.ts', import.meta.url)));
await import('../scripts/run.mjs');
