import type { Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { bytes } from '../output.ts';
import { requireJobId, requireStatus } from '../session.ts';

type Options = { to: string; all?: boolean; partial?: boolean };

export const results: Command = {
  name: 'results',
  arguments: '<job>',
  summary: 'download the files that the script made (so far), and the ledger of iterations',
  options: [
    {
      flags: '--to <dir>',
      summary: 'folder to write into; what is there already is not fetched again',
      isRequired: true,
    },
    { flags: '--all', summary: 'also the result of every single iteration, as files for readRDS()' },
    { flags: '--partial', summary: 'also the value of each loop so far (and --all, which that needs)' },
  ],
  notes: `--partial combines what is finished so far, at any time: loop-<l>.partial.rds has the value that loop l would
have if only those iterations existed that are saved. The rest and the failed ones are left out. The order is kept,
also with .inorder = FALSE.
It needs R, and gives R what the job's workers and script wrote. R data can hold code, so do this with jobs of people
you trust.`,
  examples: [
    'results hello --to out',
    'results hello --to out --all       then readRDS("out/attempt-1/loop-1/iteration-000001.rds")',
    'results hello --to out --partial   then readRDS("out/loop-1.partial.rds")',
  ],
  async run(context, options: Options, job: string) {
    const [{ download }, { partialLines, partialValues }] = await Promise.all([
      import('../download.ts'),
      import('../partial.ts'),
    ]);
    const session = await context.session();
    const status = await requireStatus(session, requireJobId(job));
    const all = options.all === true || options.partial === true;
    const done = await download(session, status, options.to, { all });
    const partial = options.partial ? await partialValues(status, done.to, context.json) : null;
    if (context.json) context.sayJson(partial === null ? done : { ...done, partial });
    else {
      const shown = options.partial && !options.all ? done.files.filter((file) => !file.internal) : done.files;
      shown.forEach((file) => context.say(`  ${file.name} (${bytes(file.bytes)})`));
      context.say(`${done.files.length} files and a ledger of ${done.iterations} iterations in ${done.to}`);
      (partial ?? []).flatMap(partialLines).forEach((line) => context.say(line));
    }
    return partial?.some((value) => value.problem !== null) ? EXIT.failure : EXIT.ok;
  },
};
