/**
 * Measuring in a process of its own: a clean heap, and the functions' log out of the way. One question in the
 * arguments, one JSON answer over the channel.
 */
import { fork, type ForkOptions } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Of what a child that failed has written on stderr: a bundle has lines of megabytes. */
const LONGEST_COMPLAINT = 2000;

/** Runs `script` with one JSON argument; answers what it passes to `answer`. Rejects when it ends without an answer. */
export function askChild<Answer>(script: string, question: unknown, options: ForkOptions = {}): Promise<Answer> {
  const child = fork(script, [JSON.stringify(question)], {
    ...options,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let complaint = '';
  child.stderr!.on('data', (text: Buffer) => (complaint = `${complaint}${text.toString()}`.slice(-LONGEST_COMPLAINT)));
  return new Promise((resolve, reject) => {
    let answered: { value: Answer } | undefined;
    child.on('message', (value) => (answered = { value: value as Answer }));
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (answered) resolve(answered.value);
      else reject(new Error(`${script} ended (${signal ?? code}) without an answer: ${complaint}`));
    });
  });
}

/** In the child: what the parent wants. */
export function question<Question>(): Question {
  return JSON.parse(process.argv[2] ?? 'null') as Question;
}

/** In the child: sends the answer and lets go of the parent. */
export function answer(value: unknown): Promise<void> {
  return new Promise((resolve) => {
    process.send!(value, () => {
      process.disconnect();
      resolve();
    });
  });
}

/**
 * Resident memory of this process in MiB, at present and at its highest. Not getrusage's maximum:
 * that one includes the parent's before exec.
 */
export function residentMiB(): { present: number; peak: number } {
  const status = readFileSync('/proc/self/status', 'utf8');
  const kib = (field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? NaN);
  return { present: kib('VmRSS') / 1024, peak: kib('VmHWM') / 1024 };
}
