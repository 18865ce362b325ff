/**
 * The local cloud as a process: `node local-cloud/main.ts --state DIR [--port-base N] [--tick-seconds
 * N]`, until SIGINT, SIGTERM or POST /stop.
 */
import { parseArgs } from 'node:util';
import { codeOf, messageOf, stackOf } from './error-text.ts';
import { useCompileCache } from './composition/compile-cache.ts';
import { exportLines } from './composition/environment.ts';
import { StateInUse } from './composition/state-lock.ts';
import type { LocalCloudOptions } from './local-cloud.ts';

const usage = `usage: node local-cloud/main.ts --state DIR [options]

  --state DIR        everything the local cloud remembers (made when missing)
  --port-base N      first port; default: any free ports. Ports of an earlier start on DIR are used again
  --tick-seconds N   how often the scheduler runs; default 60
  --functions FILE   module that registers the functions; default functions/index.ts
  --quiet            no log on stderr
`;

class UsageError extends Error {}

function readOptions(args: string[]): LocalCloudOptions | 'help' {
  const { values } = parseArgs({
    args,
    options: {
      state: { type: 'string' },
      'port-base': { type: 'string' },
      'tick-seconds': { type: 'string' },
      functions: { type: 'string' },
      quiet: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  if (!values.state) throw new UsageError('--state DIR is needed');
  const portBase = number('--port-base', values['port-base'], 0, 65_000);
  const tickSeconds = number('--tick-seconds', values['tick-seconds'], 0.1, 86_400);
  return {
    stateDir: values.state,
    quiet: values.quiet,
    ...(portBase === undefined ? {} : { portBase }),
    ...(tickSeconds === undefined ? {} : { tickIntervalMs: tickSeconds * 1000 }),
    ...(values.functions === undefined ? {} : { functionsSource: values.functions }),
  };
}

function number(name: string, text: string | undefined, least: number, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === '' || !(value >= least && value <= most))
    throw new UsageError(`${name} must be a number from ${least} to ${most}`);
  return value;
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(usage);
    return;
  }
  const flush = useCompileCache();
  const { startLocalCloud } = await import('./local-cloud.ts');
  const cloud = await startLocalCloud(options);
  const end = (): void => {
    cloud.stop().catch((error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exitCode = 1;
    });
  };
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
  process.stdout.write(`${exportLines(cloud.clientEnvironment)}\n`);
  flush();
  await cloud.stopped;
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    const isUsage = error instanceof UsageError || codeOf(error)?.startsWith('ERR_PARSE_ARGS') === true;
    const isExpected = isUsage || error instanceof StateInUse;
    process.stderr.write(isExpected ? `${messageOf(error)}\n${isUsage ? usage : ''}` : `${stackOf(error)}\n`);
    process.exit(isUsage ? 2 : 1);
  },
);
