// Makes a fresh Debian or Ubuntu machine ready: system packages, npm packages, R packages. Safe to
// repeat; quick when nothing is to be done. Plain JavaScript for Node.js 18 without any package.
// Starts nothing: scripts/run.mjs does that.
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expectedExampleData, makeExampleData } from './setup/example-data.mjs';
import { withLock } from './setup/lock.mjs';
import { areNpmPackagesMissing, installNpmPackages } from './setup/npm-packages.mjs';
import { localFolder, logFile, readIfThere, say, SetupError } from './setup/project.mjs';
import { expectedR, installRPackages } from './setup/r-packages.mjs';
import { installSystemPackages, missingSystemParts } from './setup/system-packages.mjs';

const stampFile = join(localFolder, 'setup.json');

/** Does what is to be done. Ends the process with a message when it cannot. */
export async function setUp() {
  if (isUpToDate()) return;
  try {
    await withLock(async () => {
      if (!isUpToDate()) await bringUpToDate();
    });
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(`cannot go on: ${error.message}`);
    say(`what to do: ${error.remedy}`);
    process.exit(1);
  }
}

function isUpToDate() {
  if (missingSystemParts().length > 0 || areNpmPackagesMissing()) return false;
  const stamp = readStamp();
  const expected = { ...expectedR(), exampleData: expectedExampleData() };
  return expected.exampleData !== 'missing' && Object.entries(expected).every(([name, value]) => stamp[name] === value);
}

async function bringUpToDate() {
  const begin = Date.now();
  mkdirSync(localFolder, { recursive: true });
  rmSync(logFile, { force: true });
  if (process.platform !== 'linux') say('only Debian and Ubuntu are supported; trying with what is installed');
  // Side by side: one waits for the disk, the other for the network. Both end before a fault of either is reported.
  const parts = await Promise.allSettled([installSystemPackages(), installNpmPackages()]);
  for (const part of parts) if (part.status === 'rejected') throw part.reason;
  const stamp = readStamp();
  const done = { ...(await installRPackages(stamp)), exampleData: await makeExampleData(stamp.exampleData) };
  writeFileSync(`${stampFile}.new`, `${JSON.stringify(done, null, 2)}\n`);
  renameSync(`${stampFile}.new`, stampFile);
  say(`ready after ${Math.round((Date.now() - begin) / 1000)} s`);
}

function readStamp() {
  try {
    return JSON.parse(readIfThere(stampFile) ?? '{}');
  } catch {
    return {};
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await setUp();
  say('everything is there');
}
