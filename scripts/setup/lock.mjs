// One set-up at a time: a second one waits for the first and then finds everything done.
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { localFolder, say } from './project.mjs';

const lockFile = join(localFolder, 'setup.lock');

/** Runs `work` while holding the lock. A lock whose owner has ended is taken over. */
export async function withLock(work) {
  mkdirSync(localFolder, { recursive: true });
  const ownFile = `${lockFile}.${process.pid}`;
  writeFileSync(ownFile, String(process.pid));
  try {
    await acquire(ownFile);
    const release = () => rmSync(lockFile, { force: true });
    const interrupted = (signal) => {
      release();
      rmSync(ownFile, { force: true });
      process.exit(signal === 'SIGINT' ? 130 : 143);
    };
    process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
    try {
      return await work();
    } finally {
      process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
      release();
    }
  } finally {
    rmSync(ownFile, { force: true });
  }
}

/** Linking is atomic and carries the owner's number at once: nobody ever sees a lock without one. */
async function acquire(ownFile) {
  for (let told = false; ;) {
    try {
      linkSync(ownFile, lockFile);
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const owner = readOwner();
    if (owner === undefined) continue;
    if (!isRunning(owner)) {
      rmSync(lockFile, { force: true });
      continue;
    }
    if (!told) say(`another set-up is running (process ${owner}); waiting for it`);
    told = true;
    await delay(250);
  }
}

function readOwner() {
  try {
    return Number(readFileSync(lockFile, 'utf8'));
  } catch {
    return undefined;
  }
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
