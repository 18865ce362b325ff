import type { Command } from '../command.ts';
import { requireJobId } from '../session.ts';
import { watchJob } from '../watch-job.ts';

export const watch: Command = {
  name: 'watch',
  arguments: '<job>',
  summary: 'follow a job until it has ended',
  examples: ['watch hello && echo done'],
  run: async (context, _options, job: string) => watchJob(context, await context.session(), requireJobId(job)),
};
