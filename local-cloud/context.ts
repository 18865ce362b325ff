/** What every service of the local cloud is given. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock, type Clock } from './clock.ts';
import { Faults } from './faults.ts';
import { Books } from './books.ts';

export interface LocalContext {
  /** Everything the local cloud remembers lies below; a service keeps to a folder of its own name. */
  stateDir: string;
  projectId: string;
  projectNumber: string;
  clock: Clock;
  faults: Faults;
  books: Books;
  log(service: string, message: string): void;
}

export function createContext(options: {
  stateDir: string;
  clock?: Clock;
  projectId?: string;
  quiet?: boolean;
}): LocalContext {
  const clock = options.clock ?? systemClock;
  mkdirSync(options.stateDir, { recursive: true });
  return {
    stateDir: options.stateDir,
    projectId: options.projectId ?? 'local-project',
    projectNumber: '100000000001',
    clock,
    faults: new Faults(clock),
    books: new Books(join(options.stateDir, 'books.jsonl'), clock),
    log: (service, message) => {
      if (!options.quiet) process.stderr.write(`${new Date(clock.nowMs()).toISOString()} ${service}: ${message}\n`);
    },
  };
}
