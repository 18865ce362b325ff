import type { Command } from '../command.ts';
import { requireJobId } from '../session.ts';

type Options = { role?: string; tail?: string; follow?: boolean; machine?: boolean };

export const logs: Command = {
  name: 'logs',
  arguments: '<job>',
  summary: 'what driver, workers or Redis printed',
  options: [
    { flags: '--role <role>', summary: 'driver, worker, redis or functions' },
    { flags: '--tail <n>', summary: 'only the last n lines' },
    { flags: '-f, --follow', summary: 'go on until the job has ended' },
    { flags: '--machine', summary: 'also the lines that are meant for the control plane' },
  ],
  examples: ['logs hello --role driver --follow'],
  async run(context, options: Options, job: string) {
    const { followLogs, logLine, readLogs, untilEnded } = await import('../read-logs.ts');
    const session = await context.session();
    const isFollowed = options.follow === true;
    if (isFollowed && !context.json) return followLogs(session, requireJobId(job), options, context.say);
    if (isFollowed) await untilEnded(session, requireJobId(job));
    const all = context.json ? { ...options, machine: true } : options;
    const lines = await readLogs(session, requireJobId(job), all);
    if (context.json) return context.sayJson(lines);
    lines.forEach((line) => context.say(logLine(line)));
    if (lines.length === 0) context.note('nothing was printed so far; --machine shows what the control plane was told');
  },
};
