import type { Command } from '../command.ts';

type Options = { example: string };

export const demo: Command = {
  name: 'demo',
  arguments: '',
  summary: 'an example job on a fresh local cloud, from upload to the proof that nothing is left',
  options: [{ flags: '--example <name>', summary: 'folder below examples/', default: 'heritability' }],
  examples: ['demo --example hello'],
  goesOnUnheard: true,
  run: async (context, { example }: Options) => (await import('../run-demo.ts')).runDemo(example, context),
};
