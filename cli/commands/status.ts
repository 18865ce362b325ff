import { jobOfUpload } from '../../functions/job/names.ts';
import type { Command, Context } from '../command.ts';
import { CommandError } from '../exit-codes.ts';
import { nextCommand, statusLines, summaryLine } from '../render-status.ts';
import { reach, readStatus, requireJobId, requireStatus } from '../session.ts';

export const status: Command = {
  name: 'status',
  arguments: '[job]',
  summary: 'one job, or a line for each',
  examples: ['status hello --json'],
  async run(context, _options, job: string | undefined) {
    if (job === undefined) return showAll(context);
    const found = await requireStatus(await context.session(), requireJobId(job));
    if (context.json) return context.sayJson(found);
    [...statusLines(found), `next: ${nextCommand(found)}`].forEach((line) => context.say(line));
  },
};

async function showAll(context: Context): Promise<void> {
  const session = await context.session();
  const found = await reach(session, () => session.buckets.uploads.list('jobs/', { glob: 'jobs/*/status.json' }));
  const jobs = found.flatMap((object) => jobOfUpload(object.name) ?? []);
  // One that cannot be read hides no other.
  const all = await Promise.all(
    jobs.map((job) =>
      readStatus(session, job).catch((error: unknown) => {
        if (!(error instanceof CommandError)) throw error;
        context.note(`${job}: ${error.message}`);
        return null;
      }),
    ),
  );
  const statuses = all.filter((one) => one !== null);
  if (context.json) return context.sayJson(statuses);
  if (statuses.length === 0) context.say('no job yet; submit one with: foreach-fleet submit examples/hello');
  for (const one of statuses) context.say(`${one.job.padEnd(20)} ${summaryLine(one)}`);
}
