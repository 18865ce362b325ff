/** `local`: a local cloud in this process, until it is asked to end. */
import { exportLines } from '../local-cloud/composition/environment.ts';
import { startLocalCloud } from '../local-cloud/local-cloud.ts';
import type { Context } from './command.ts';
import { CommandError, EXIT } from './exit-codes.ts';
import { explainStart } from './state-dir.ts';

export interface LocalOptions {
  tickSeconds: string;
  portBase: string;
  verbose?: boolean;
}

/** Returns once it has been asked to end, and has. */
export async function runLocal(
  { json, say, sayJson }: Context,
  stateDir: string,
  options: LocalOptions,
): Promise<void> {
  const tickSeconds = Number(options.tickSeconds);
  const portBase = Number(options.portBase);
  if (!(tickSeconds > 0) || !(Number.isInteger(portBase) && portBase >= 0 && portBase <= 65_000))
    throw new CommandError(
      'FF-USAGE',
      '--tick-seconds takes a number above 0, --port-base a port (0 to 65000)',
      'see foreach-fleet local --help',
      EXIT.invalid,
    );
  const cloud = await startLocalCloud({
    stateDir,
    portBase,
    tickIntervalMs: tickSeconds * 1000,
    quiet: !options.verbose,
  }).catch(explainStart);
  if (json) sayJson({ stateDir, adminUrl: cloud.adminUrl, environment: cloud.clientEnvironment });
  else {
    for (const line of exportLines(cloud.clientEnvironment).split('\n')) say(line);
    say(
      `# The local cloud runs; its state is in ${stateDir}. Paste the lines above into another terminal ` +
        'for gcloud and kubectl.',
    );
    say(
      '# Start a job:  npm run foreach-fleet -- submit examples/hello --watch      or: gcloud storage cp ' +
        `-r examples/hello gs://${cloud.clientEnvironment['FF_UPLOADS_BUCKET']}/jobs/`,
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
