/**
 * Records of earlier versions, one step for each: what a version has added is filled in as if it had been there.
 * Steps are never changed.
 */
import * as z from 'zod';
import { digestOfFolder } from './folder-digest.ts';

type Old = Record<string, unknown>;

/** The step at position n leads from schema n + 1 to the next. */
const STEPS: readonly ((old: Old) => Old)[] = [addDigestAndCount, passToActing, addTrouble, addWaiting, addRefusals];

/** The object as the newest schema has it; what is no object, or is of a newer version, stays as it is. */
export function migrateRecord(value: unknown): unknown {
  let record = value;
  for (;;) {
    const old = z.looseObject({ schema: z.number() }).safeParse(record);
    if (!old.success) return record;
    const step = STEPS[old.data.schema - 1];
    if (step === undefined) return record;
    record = step(old.data);
  }
}

/** 1 -> 2. A folder is compared by its digest, and of very many outputs only some are listed. */
function addDigestAndCount(old: Old): Old {
  const files = z.array(z.looseObject({ name: z.string(), md5: z.string() })).parse(old['files']);
  return { ...old, schema: 2, filesDigest: digestOfFolder(files), outputsLeftOut: 0 };
}

/** 2 -> 3. Of the mark of a pass that is acting only its presence was read: its time is the storage's. */
function passToActing({ pass, ...old }: Old): Old {
  return { ...old, schema: 3, acting: pass !== null };
}

/** 3 -> 4. What could not be done is remembered; decisions may have a count. */
function addTrouble(old: Old): Old {
  return { ...old, schema: 4, trouble: null };
}

/** 4 -> 5. Why it waits has a code. Since when it does is not known: the next pass says it. */
function addWaiting(old: Old): Old {
  return { ...old, schema: 5, waiting: null };
}

/** 5 -> 6. Each kind of machine is refused by itself; that there were no Spot ones anywhere is found out anew. */
function addRefusals(old: Old): Old {
  const kept = Object.fromEntries(Object.entries(old).filter(([name]) => name !== 'onDemand'));
  return { ...kept, schema: 6, refusals: [] };
}
