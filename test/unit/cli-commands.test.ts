/** Every command of the table: its help, its one JSON value; and what a wrong command line is told. No cloud. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { commands } from '../../cli/commands/index.ts';
import { askHere, callHere } from '../support/command.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));
const refusal = z.object({ error: z.object({ code: z.string(), message: z.string(), remedy: z.string() }) });
/** Without it these two would start a local cloud of their own. */
const HARMLESS: Record<string, string[]> = { local: ['--stop'], demo: ['--example', 'nothing'] };
const NOWHERE = ['--state', '/nonexistent'];

describe('the table of commands', () => {
  it('has a command for each file of its folder, named like it', () => {
    const files = readdirSync(join(project, 'cli/commands')).filter((file) => file !== 'index.ts');
    assert.deepEqual(commands.map(({ name }) => `${name}.ts`).toSorted(), files.toSorted());
  });

  for (const command of commands) {
    const { name, summary, options = [] } = command;

    it(`${name} --help has its summary, its options, --json and an example`, async () => {
      const { code, out } = await callHere(name, '--help');
      assert.equal(code, 0);
      const words = out.replaceAll(/\s+/g, ' ');
      for (const text of [summary, ...options.map(({ flags }) => flags), '--json one JSON value'])
        assert.ok(words.includes(text), `${text}: ${out}`);
      assert.match(out, /Examples?:\n\s+\$ foreach-fleet /);
    });

    it(`${name} --json says one JSON value and nothing else`, async () => {
      const required = command.arguments.match(/<\w+>/g) ?? [];
      const mandatory = options.flatMap(({ flags, isRequired }) => (isRequired ? [flags.split(' ')[0]!, 'x'] : []));
      const { out, err } = await callHere(
        ...[...NOWHERE, name, '--json', ...required.map(() => 'x1'), ...mandatory, ...(HARMLESS[name] ?? [])],
      );
      assert.equal(err, '');
      assert.ok(JSON.parse(out), out);
    });
  }
});

describe('the command line without a cloud', () => {
  const wrong: [args: string[], code: number, error: string][] = [
    [['frobnicate'], 2, 'FF-USAGE'],
    [['status', '--nonsense'], 2, 'FF-USAGE'],
    [['results', 'demo'], 2, 'FF-USAGE'],
    [['watch'], 2, 'FF-USAGE'],
    [[...NOWHERE, 'status'], 6, 'FF-NO-CLOUD'],
    [[...NOWHERE, 'cancel', 'demo'], 6, 'FF-NO-CLOUD'],
    [[...NOWHERE, 'local', '--stop'], 6, 'FF-NO-CLOUD'],
    [['--state', project, 'demo', '--example', 'hello'], 2, 'FF-STATE-FOREIGN'],
    [['demo', '--example', 'nothing'], 2, 'FF-NO-EXAMPLE'],
    [['local', '--tick-seconds', 'soon'], 2, 'FF-USAGE'],
    [['local', '--port-base', '-5'], 2, 'FF-USAGE'],
  ];
  for (const [args, code, error] of wrong)
    it(`${args.join(' ').replace(project, 'PROJECT')}: ${error}, exit code ${code}`, async () => {
      const { error: told } = refusal.parse(await askHere(code, ...args));
      assert.equal(told.code, error);
      assert.ok(told.message && told.remedy);
    });

  it('--version is that of the package', async () => {
    const { version } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as { version: string };
    assert.deepEqual(await callHere('--version'), { code: 0, out: `${version}\n`, err: '' });
  });

  it('says what is wrong on stderr, with a remedy', async () => {
    const { code, out, err } = await callHere(...NOWHERE, 'status');
    assert.deepEqual([code, out], [6, '']);
    assert.match(err, /^FF-NO-CLOUD: .*\n {2}what to do: start one with/);
  });
});
