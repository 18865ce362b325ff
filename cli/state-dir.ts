/**
 * The state folder of a local cloud, as the command handles it: whose it is, when it
 * may be emptied, when its process has ended.
 */
import { existsSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { lockState, StateInUse } from '../local-cloud/composition/state-lock.ts';
import { codeOf } from '../local-cloud/error-text.ts';
import { CommandError, EXIT } from './exit-codes.ts';

const STOP_MS = 30_000;
const LOOK_MS = 100;

/** For what startLocalCloud throws. */
export function explainStart(error: unknown): never {
  if (!(error instanceof StateInUse)) throw error;
  throw new CommandError(
    'FF-STATE-IN-USE',
    error.message,
    'use the one that runs, stop it with: foreach-fleet local --stop, or name another --state',
    EXIT.invalid,
  );
}

/** Deletes what an earlier local cloud left there; refuses to delete anything else, and the state of one that runs. */
export async function emptyStateDir(stateDir: string): Promise<void> {
  if (!existsSync(stateDir) || readdirSync(stateDir).length === 0) return;
  if (!existsSync(join(stateDir, 'endpoints.json')) && !existsSync(join(stateDir, 'books.jsonl')))
    throw new CommandError(
      'FF-STATE-FOREIGN',
      `${stateDir} is not empty and not the state of a local cloud`,
      'name a new folder with --state: this command deletes what the folder holds',
      EXIT.invalid,
    );
  try {
    lockState(stateDir)();
  } catch (error) {
    explainStart(error);
  }
  await rm(stateDir, { recursive: true, force: true });
}

/** Returns once the process has ended, so that another can be started on the same state at once. */
export async function untilStopped(pid: number): Promise<void> {
  for (const deadline = Date.now() + STOP_MS; isAlive(pid); await delay(LOOK_MS))
    if (Date.now() > deadline)
      throw new CommandError(
        'FF-STOP-SLOW',
        `the local cloud (process ${pid}) has not ended within ${STOP_MS / 1000} s`,
        'wait, or end that process by its number; its state stays usable',
      );
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}
