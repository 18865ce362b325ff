/**
 * A command line from its words to its exit code: finds the command, gives it what it needs, says what went wrong.
 * What each command does is in commands/, in the file of its name.
 */
import { Command as Parser, CommanderError, Option as ParserOption } from 'commander';
import packageFile from '../package.json' with { type: 'json' };
import type { Command, Context } from './command.ts';
import { commands } from './commands/index.ts';
import { EXIT } from './exit-codes.ts';
import { explain } from './explain.ts';
import { expectClosedPipe, type Io, jsonText, terminal, terminalText } from './output.ts';
import { openSession } from './session.ts';

const HELP = `
Exit codes: 0 done; 1 unexpected; 2 wrong command line or job folder; 3 the job failed;
4 the job was cancelled, stopped or paused (it can be resumed); 5 no such job; 6 no cloud can be reached;
7 and 8: see replay --help.

Examples:
  $ foreach-fleet local                       keep a local cloud running in this terminal
  $ foreach-fleet submit examples/hello       upload a folder; watch it with: foreach-fleet watch hello
  $ foreach-fleet results hello --to out      its files, and the result of every iteration with --all
  $ foreach-fleet errors hello                what has failed, and how to run it here
  $ foreach-fleet status --json | jq .        for programs`;

/** Answers the exit code. */
export async function runCommandLine(args: readonly string[], io: Io = terminal): Promise<number> {
  const parser = newParser(io, args.includes('--json'));
  let exitCode: number = EXIT.ok;
  for (const command of commands)
    addCommand(parser, command, async (options, given) => {
      if (io === terminal) expectClosedPipe(command.goesOnUnheard !== true);
      exitCode = await runCommand(command, contextOf(parser.opts(), io), options, given);
    });
  try {
    await parser.parseAsync(args, { from: 'user' });
  } catch (error) {
    return answerUsage(error, args.includes('--json'), io);
  }
  return exitCode;
}

function newParser(io: Io, isJson: boolean): Parser {
  return (
    new Parser('foreach-fleet')
      .description('Runs R foreach + doRedis jobs on Kubernetes clusters that exist only while there is work.')
      .option('--json', 'one JSON value on stdout instead of text')
      .option(
        '--state <dir>',
        'state folder of the local cloud (default: .local/cloud of this project, or FF_STATE_DIR)',
      )
      .version(packageFile.version, '--version')
      .configureHelp({ showGlobalOptions: true })
      // With --json its complaint is the one JSON value: answerUsage() says it.
      .configureOutput({
        writeOut: (text) => io.out(text),
        writeErr: (text) =>
          isJson ? undefined : io.err(`${text.trimEnd().split('\n').map(terminalText).join('\n')}\n`),
      })
      .showHelpAfterError('  what to do: see the examples with --help')
      .exitOverride()
      .addHelpText('after', HELP)
  );
}

function addCommand(
  parser: Parser,
  command: Command,
  run: (options: Record<string, unknown>, args: string[]) => Promise<void>,
): void {
  const { name, summary, examples, notes } = command;
  const added = parser.command(`${name} ${command.arguments}`.trim()).description(summary);
  for (const { flags, summary: about, default: value, isRequired } of command.options ?? [])
    added.addOption(new ParserOption(flags, about).default(value).makeOptionMandatory(isRequired === true));
  const title = examples.length === 1 ? 'Example:' : 'Examples:';
  const lines = examples.map((example) => `  $ foreach-fleet ${example}`);
  added.addHelpText('after', `${notes === undefined ? '' : `\n${notes}\n`}\n${[title, ...lines].join('\n')}`);
  added.action(() => run(added.opts(), added.args));
}

function contextOf({ json, state }: { json?: boolean; state?: string }, io: Io): Context {
  return {
    json: json === true,
    state,
    say: (line = '') => void io.out(`${terminalText(line)}\n`),
    sayJson: (value) => void io.out(jsonText(value)),
    note: (line) => void io.err(`${terminalText(line)}\n`),
    session: () => openSession({ state }),
  };
}

/** What it throws becomes a message and an exit code. */
async function runCommand(
  command: Command,
  context: Context,
  options: Record<string, unknown>,
  args: string[],
): Promise<number> {
  try {
    return (await command.run(context, options, ...args)) ?? EXIT.ok;
  } catch (thrown) {
    const { exitCode, ...error } = explain(thrown);
    if (context.json) context.sayJson({ error });
    else {
      context.note(`${error.code}: ${error.message}`);
      context.note(`  what to do: ${error.remedy}`);
    }
    return exitCode;
  }
}

/** The parser has said what is wrong (or printed the help that was asked for). */
function answerUsage(error: unknown, isJson: boolean, io: Io): number {
  if (!(error instanceof CommanderError)) throw error;
  if (error.exitCode === 0) return EXIT.ok;
  const message = error.message.replace(/^error: /, '');
  if (isJson) io.out(jsonText({ error: { code: 'FF-USAGE', message, remedy: 'see the examples with --help' } }));
  return EXIT.invalid;
}
