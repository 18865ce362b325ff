/**
 * `results ID --to DIR`: the files that the script made, the results of single
 * iterations, and the ledger that says what each is.
 */
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { inParallel } from '../functions/in-parallel.ts';
import { formatLedger } from '../functions/job/ledger.ts';
import { readLedger } from '../functions/reconcile/read-ledger.ts';
import { CommandError } from './exit-codes.ts';
import { tellDamaged } from './output.ts';
import { isCopyOf, placeBelow, writeBelow } from './local-copy.ts';
import type { JobStatus } from '../functions/job/job-status.ts';
import { reach, type Session } from './session.ts';

const DOWNLOADS_AT_ONCE = 16;
const MAX_OBJECT_BYTES = 5 * 1024 ** 3;

/** Attempt and name of a file that the script wrote. */
const OUTPUT = /\/attempt-(\d+)\/outputs\/(.+)$/;

export interface Downloaded {
  /** internal: not a file of the script, but a result, a report or a ledger. */
  files: { name: string; bytes: number; internal: boolean }[];
  iterations: number;
  to: string;
}

/**
 * Downloads what exists so far; checks the script's files and every single-iteration file against
 * the SHA-256 that was computed with them.
 */
export async function download(
  session: Session,
  status: JobStatus,
  to: string,
  options: { all: boolean },
): Promise<Downloaded> {
  const { job } = status;
  const bucket = session.buckets.results;
  const [objects, ledger] = await reach(session, () =>
    Promise.all([bucket.list(`${job}/`), readLedger(session.buckets, job, tellDamaged)]),
  );
  const outputs = newestOutputs(objects.map((object) => object.name));
  const wanted = objects.filter(({ name }) => (OUTPUT.test(name) ? outputs.has(name) : options.all));
  const expected = new Map([
    ...ledger.filter((line) => line.part === null).map((line) => [line.object, line.sha256] as const),
    ...(status.ended ? status.results.outputs : []).map(
      (output) => [`${status.results.prefix}outputs/${output.name}`, output.sha256] as const,
    ),
  ]);
  const files: Downloaded['files'] = [];
  await inParallel(DOWNLOADS_AT_ONCE, wanted, async (found) => {
    const object = found.name;
    const output = OUTPUT.exec(object)?.[2];
    const name = output ?? object.slice(job.length + 1);
    // Except for the script's files, whose names attempts share, an object is written once.
    if (output === undefined && (await isCopyOf(placeBelow(to, name), found))) {
      files.push({ name, bytes: found.bytes, internal: true });
      return;
    }
    const content = await bucket.read(object, MAX_OBJECT_BYTES);
    if (content === null) return;
    const sha256 = expected.get(object);
    if (sha256 !== undefined && createHash('sha256').update(content.bytes).digest('hex') !== sha256)
      throw new CommandError(
        'FF-RESULT-DAMAGED',
        `${object} is not what was computed (SHA-256 differs)`,
        'read an earlier version of the object, or run the iteration again',
      );
    await writeBelow(to, name, content.bytes);
    files.push({ name, bytes: content.bytes.length, internal: output === undefined });
  });
  await writeBelow(to, 'ledger.jsonl', Buffer.from(formatLedger(ledger)));
  return { files: files.toSorted((a, b) => a.name.localeCompare(b.name)), iterations: ledger.length, to: resolve(to) };
}

/** Of files that several attempts wrote, those of the newest. */
function newestOutputs(names: readonly string[]): Set<string> {
  const newest = new Map<string, { attempt: number; object: string }>();
  for (const object of names) {
    const [, attempt, name] = OUTPUT.exec(object) ?? [];
    if (name === undefined || Number(attempt) < (newest.get(name)?.attempt ?? 0)) continue;
    newest.set(name, { attempt: Number(attempt), object });
  }
  return new Set([...newest.values()].map(({ object }) => object));
}
