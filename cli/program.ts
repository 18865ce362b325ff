/**
 * Every subcommand with its help and examples, and what a wrong command line is answered with.
 * What each does is in the file of its name.
 */
import { Command, CommanderError } from 'commander';
import { readFileSync } from 'node:fs';
import { cloudCommands } from './cloud-commands.ts';
import { controlCommands } from './control.ts';
import { EXIT } from './exit-codes.ts';
import { jobCommands } from './job-commands.ts';
import { expectClosedPipe, sayJson } from './output.ts';
import { replayCommand } from './replay-command.ts';
import { submitCommand } from './submit-command.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const program = new Command('foreach-fleet')
  .description('Runs R foreach + doRedis jobs on Kubernetes clusters that exist only while there is work.')
  .option('--json', 'one JSON value on stdout instead of text')
  .option('--state <dir>', 'state folder of the local cloud (default: .local/cloud of this project, or FF_STATE_DIR)')
  .version(version, '--version')
  .showHelpAfterError('  what to do: see the examples with --help')
  .exitOverride()
  .addHelpText(
    'after',
    `
Exit codes: 0 done; 1 unexpected; 2 wrong command line or job folder; 3 the job failed; 4 the job was cancelled, stopped or paused
(it can be resumed); 5 no such job; 6 no cloud can be reached;
7 and 8: see replay --help.

Examples:
  $ foreach-fleet local                       keep a local cloud running in this terminal
  $ foreach-fleet submit examples/hello       upload a folder; watch it with: foreach-fleet watch hello
  $ foreach-fleet results hello --to out      its files, and the result of every iteration with --all
  $ foreach-fleet errors hello                what has failed, and how to run it here
  $ foreach-fleet status --json | jq .        for programs`,
  );

cloudCommands(program);
submitCommand(program);
jobCommands(program);
replayCommand(program);
controlCommands(program);

program.hook('preAction', (_program, command) => expectClosedPipe(!['local', 'demo'].includes(command.name())));

const wantsJson = process.argv.includes('--json');

export async function runCommand(): Promise<void> {
  if (wantsJson) program.commands.forEach((command) => command.configureOutput({ outputError: () => undefined }));
  await program.parseAsync().catch(answerUsage);
}

/** Commander has said what is wrong (or printed the help that was asked for). */
function answerUsage(error: unknown): void {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.invalid;
  if (!wantsJson || error.exitCode === 0) return;
  const message = error.message.replace(/^error: /, '');
  sayJson({ error: { code: 'FF-USAGE', message, remedy: 'see the examples with --help' } });
}
