import type { Command } from '../command.ts';
import { requireJobId, requireStatus } from '../session.ts';

type Options = { each?: boolean };

export const errors: Command = {
  name: 'errors',
  arguments: '<job>',
  summary: 'what has failed: iteration, arguments, message, traceback, warnings, output; errors that are alike once',
  options: [{ flags: '--each', summary: 'every error in full' }],
  examples: ['errors hello', 'errors hello --json      every report, whole'],
  async run(context, { each }: Options, job: string) {
    const { groupErrors, groupLines, noErrorLines, readErrors, replayCommand } = await import('../error-reports.ts');
    const { warningLines } = await import('../render-status.ts');
    const session = await context.session();
    const status = await requireStatus(session, requireJobId(job));
    const reports = await readErrors(session, job);
    if (context.json) return context.sayJson(reports);
    warningLines(status).forEach((line) => context.say(line));
    const [first] = reports;
    if (first === undefined) return noErrorLines(status).forEach((line) => context.say(line));
    const groups = each ? reports.map((report): [typeof report] => [report]) : groupErrors(reports);
    groups.flatMap((group) => groupLines(job, group)).forEach((line) => context.say(line));
    context.say(`next: ${replayCommand(job, first)}`);
  },
};
