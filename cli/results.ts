/** `results ID --to DIR`: the files that the script made, the results of single iterations, and the ledger that says what each is. */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { inParallel } from '../functions/reconcile/in-parallel.ts';
import { readLedger } from '../functions/reconcile/make-inputs.ts';
import { CommandError, EXIT } from './exit-codes.ts';
import { reach, type Session } from './session.ts';

const DOWNLOADS_AT_ONCE = 16;
const MAX_OBJECT_BYTES = 5 * 1024 ** 3;

export interface Downloaded {
  files: { name: string; bytes: number }[];
  iterations: number;
  to: string;
}

/** Downloads what exists so far; checks every single-iteration file against the ledger's SHA-256. */
export async function results(
  session: Session,
  job: string,
  to: string,
  options: { all: boolean },
): Promise<Downloaded> {
  const bucket = session.buckets.results;
  const [objects, ledger] = await reach(session, () =>
    Promise.all([bucket.list(`${job}/`), readLedger(session.buckets, job)]),
  );
  const wanted = objects.filter((object) => options.all || /\/outputs\//.test(object.name));
  const expected = new Map(ledger.filter((line) => line.part === null).map((line) => [line.object, line.sha256]));
  const files: Downloaded['files'] = [];
  await inParallel(DOWNLOADS_AT_ONCE, wanted, async (object) => {
    const content = await bucket.read(object.name, MAX_OBJECT_BYTES);
    if (content === null) return;
    const sha256 = expected.get(object.name);
    if (sha256 !== undefined && createHash('sha256').update(content.bytes).digest('hex') !== sha256)
      throw new CommandError(
        'FF-RESULT-DAMAGED',
        `${object.name} is not what its worker computed (SHA-256 differs)`,
        'read an earlier version of the object, or run the iteration again',
      );
    const name = object.name.slice(job.length + 1).replace(/^attempt-\d+\/outputs\//, '');
    await writeBelow(to, name, content.bytes);
    files.push({ name, bytes: content.bytes.length });
  });
  await writeBelow(to, 'ledger.jsonl', Buffer.from(ledger.map((line) => `${JSON.stringify(line)}\n`).join('')));
  return { files: files.toSorted((a, b) => a.name.localeCompare(b.name)), iterations: ledger.length, to: resolve(to) };
}

/** An object name must not lead out of the folder the user named. */
async function writeBelow(folder: string, name: string, content: Buffer): Promise<void> {
  const root = resolve(folder);
  const file = resolve(join(root, name));
  if (!file.startsWith(root + sep))
    throw new CommandError(
      'FF-UNSAFE-NAME',
      `object ${name} would be written outside ${folder}`,
      'download it with gcloud storage cp',
      EXIT.invalid,
    );
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
}
