import type { Command } from '../command.ts';
import { control } from '../control.ts';

export const resume: Command = {
  name: 'resume',
  arguments: '<job>',
  summary: 'run what is missing of a job that has ended early',
  examples: ['resume hello'],
  run: (context, _options, job: string) => control(context, job, 'resume', 'only what is missing will run'),
};
