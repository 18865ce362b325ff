import type { Command } from '../command.ts';
import { control } from '../control.ts';

export const cancel: Command = {
  name: 'cancel',
  arguments: '<job>',
  summary: 'end the job now: results so far are kept, machines are deleted',
  examples: ['cancel hello'],
  run: (context, _options, job: string) =>
    control(context, job, 'cancel', 'machines go as soon as the results so far are in the bucket'),
};
