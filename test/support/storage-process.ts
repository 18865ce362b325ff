/**
 * The local Cloud Storage in a process of its own, to be killed without warning. Run as a script it is that process.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createContext } from '../../local-cloud/context.ts';
import { startStorage } from '../../local-cloud/storage/storage.ts';

export interface StorageProcess {
  url: string;
  process: ChildProcess;
  /** Names of finalized objects that the callback in the process has been called with. */
  finalized: string[];
  kill(): Promise<void>;
}

/** `takesEvents` false: the callback never confirms. */
export async function spawnStorage(stateDir: string, takesEvents = true): Promise<StorageProcess> {
  const script = fileURLToPath(import.meta.url);
  const child = spawn(process.execPath, [script, stateDir, String(takesEvents)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const finalized: string[] = [];
  const lines = createInterface({ input: child.stdout });
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', () => reject(new Error('storage ended before it was ready')));
    lines.on('line', (line) => {
      const [word, value] = JSON.parse(line) as [string, string];
      if (word === 'ready') resolve(value);
      else finalized.push(value);
    });
  });
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
  return { url, process: child, finalized, kill };
}

async function main(stateDir: string, takesEvents: boolean): Promise<void> {
  const storage = await startStorage(createContext({ stateDir, quiet: true }), { port: 0 });
  storage.createBucket('box');
  storage.createBucket('kept', { versioning: true });
  storage.onFinalized(({ name }) => {
    process.stdout.write(`${JSON.stringify(['finalized', name])}\n`);
    return takesEvents ? undefined : new Promise<void>(() => undefined);
  });
  process.stdout.write(`${JSON.stringify(['ready', storage.url])}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main(process.argv[2]!, process.argv[3] === 'true');
}
