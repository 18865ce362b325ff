import { resolve } from 'node:path';
import type { Command, Context } from '../command.ts';
import { admin, defaultStateDir, localEndpoints, openSession } from '../session.ts';

type Options = { tickSeconds: string; portBase: string; verbose?: boolean; stop?: boolean };

export const local: Command = {
  name: 'local',
  arguments: '',
  summary: 'keep the local cloud running; prints the environment for gcloud, kubectl and this command',
  options: [
    { flags: '--tick-seconds <n>', summary: 'how often the scheduler runs', default: '60' },
    {
      flags: '--port-base <n>',
      summary: 'first port (default: any free ones; later starts use the same again)',
      default: '0',
    },
    { flags: '--verbose', summary: 'also what each service logs' },
    { flags: '--stop', summary: 'stop the one that runs' },
  ],
  examples: ['local            in one terminal', 'local --stop     from another'],
  goesOnUnheard: true,
  async run(context, options: Options) {
    const stateDir = resolve(context.state ?? process.env['FF_STATE_DIR'] ?? defaultStateDir);
    if (options.stop) return stop(context, stateDir);
    const { runLocal } = await import('../run-local.ts');
    return runLocal(context, stateDir, options);
  },
};

async function stop({ json, say, sayJson }: Context, stateDir: string): Promise<void> {
  const [z, { untilStopped }] = await Promise.all([import('zod'), import('../state-dir.ts')]);
  const session = await openSession({ state: stateDir });
  await admin(session, z.unknown(), '/stop', 'POST');
  await untilStopped(localEndpoints(session).pid);
  if (json) sayJson({ stateDir, stopped: true });
  else say('the local cloud has stopped; its state stays, start it again to go on');
}
