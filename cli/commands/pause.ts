import type { Command } from '../command.ts';
import { control } from '../control.ts';

export const pause: Command = {
  name: 'pause',
  arguments: '<job>',
  summary: 'let running tasks finish, save, delete the machines; resume goes on',
  examples: ['pause hello'],
  run: (context, _options, job: string) => control(context, job, 'pause', 'running tasks finish first'),
};
