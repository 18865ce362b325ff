/** Subcommands about the cloud itself: the local one, and whether everything is in order. */
import type { Command } from 'commander';
import { resolve } from 'node:path';
import { exportLines } from '../local-cloud/composition/environment.ts';
import { diagnose } from './doctor.ts';
import { CommandError, EXIT } from './exit-codes.ts';
import { type GlobalOptions, commandAction, paint, say, sayJson } from './output.ts';
import { admin, defaultStateDir, openSession } from './session.ts';
import { explainStart, untilStopped } from './state-dir.ts';

export function cloudCommands(program: Command): void {
  const globals = (): GlobalOptions => program.opts();

  program
    .command('local')
    .description('keep the local cloud running; prints the environment for gcloud, kubectl and this command')
    .option('--tick-seconds <n>', 'how often the scheduler runs', '60')
    .option('--port-base <n>', 'first port (default: any free ones; later starts use the same again)', '0')
    .option('--verbose', 'also what each service logs')
    .option('--stop', 'stop the one that runs')
    .addHelpText(
      'after',
      '\nExample:\n  $ foreach-fleet local            in one terminal\n  $ foreach-fleet local --stop     from another',
    )
    .action(
      commandAction(globals, async (options: LocalOptions) => {
        const state = resolve(globals().state ?? process.env['FF_STATE_DIR'] ?? defaultStateDir);
        if (!options.stop) return runLocal(state, options, globals());
        const session = openSession({ state });
        await admin(session, '/stop', 'POST');
        await untilStopped(session.endpoints!.pid);
        if (globals().json) sayJson({ stateDir: state, stopped: true });
        else say('the local cloud has stopped; its state stays, start it again to go on');
      }),
    );

  program
    .command('doctor')
    .description('check that everything this machine needs is there, and that the cloud answers')
    .addHelpText('after', '\nExample:\n  $ foreach-fleet doctor --json')
    .action(
      commandAction(globals, async () => {
        const findings = await diagnose(globals());
        if (globals().json) sayJson(findings);
        else
          for (const finding of findings)
            say(
              `${finding.ok ? paint('green', 'ok ') : paint('red', 'NO ')} ${finding.what}: ${finding.found}${finding.ok ? '' : `\n      what to do: ${finding.remedy}`}`,
            );
        return findings.every((finding) => finding.ok) ? EXIT.ok : EXIT.failure;
      }),
    );

  program
    .command('demo')
    .description('an example job on a fresh local cloud, from upload to the proof that nothing is left')
    .option('--example <name>', 'folder below examples/', 'heritability')
    .addHelpText('after', '\nExample:\n  $ foreach-fleet demo --example hello')
    .action(
      commandAction(globals, async (options: { example: string }) =>
        (await import('./demo.ts')).demo(options.example, globals()),
      ),
    );
}

interface LocalOptions {
  tickSeconds: string;
  portBase: string;
  verbose?: boolean;
  stop?: boolean;
}

async function runLocal(stateDir: string, options: LocalOptions, globals: GlobalOptions): Promise<void> {
  const tickSeconds = Number(options.tickSeconds);
  const portBase = Number(options.portBase);
  if (!(tickSeconds > 0) || !(Number.isInteger(portBase) && portBase >= 0 && portBase <= 65_000))
    throw new CommandError(
      'FF-USAGE',
      '--tick-seconds takes a number above 0, --port-base a port (0 to 65000)',
      'see foreach-fleet local --help',
      EXIT.invalid,
    );
  const { startLocalCloud } = await import('../local-cloud/local-cloud.ts');
  const cloud = await startLocalCloud({
    stateDir,
    portBase,
    tickIntervalMs: tickSeconds * 1000,
    quiet: !options.verbose,
  }).catch(explainStart);
  if (globals.json) sayJson({ stateDir, adminUrl: cloud.adminUrl, environment: cloud.clientEnvironment });
  else {
    say(exportLines(cloud.clientEnvironment));
    say(
      `# The local cloud runs; its state is in ${stateDir}. Paste the lines above into another terminal for gcloud and kubectl.`,
    );
    say(
      `# Start a job:  npm run foreach-fleet -- submit examples/hello --watch      or: gcloud storage cp -r examples/hello gs://${cloud.clientEnvironment['FF_UPLOADS_BUCKET']}/jobs/`,
    );
    say('# Ctrl-C stops it; jobs go on when it is started again.');
  }
  const end = (): void => void cloud.stop();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
  // Its servers do not hold the process open on purpose; this does, until it is asked to end.
  const hold = setInterval(() => undefined, 1 << 30);
  await cloud.stopped;
  clearInterval(hold);
}
