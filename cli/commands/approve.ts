import type { Command } from '../command.ts';
import { control } from '../control.ts';

export const approve: Command = {
  name: 'approve',
  arguments: '<job>',
  summary: 'let a job grow whose job file asks for approval after the canary',
  examples: ['approve hello'],
  run: (context, _options, job: string) => control(context, job, 'approve', 'the fleet will grow'),
};
