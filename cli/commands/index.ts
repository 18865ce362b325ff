/** Every command, in the order of the help. */
import type { Command } from '../command.ts';
import { approve } from './approve.ts';
import { cancel } from './cancel.ts';
import { cost } from './cost.ts';
import { demo } from './demo.ts';
import { doctor } from './doctor.ts';
import { errors } from './errors.ts';
import { local } from './local.ts';
import { logs } from './logs.ts';
import { pause } from './pause.ts';
import { replay } from './replay.ts';
import { results } from './results.ts';
import { resume } from './resume.ts';
import { status } from './status.ts';
import { submit } from './submit.ts';
import { watch } from './watch.ts';

export const commands: readonly Command[] = [
  local,
  doctor,
  demo,
  submit,
  status,
  watch,
  logs,
  errors,
  results,
  cost,
  replay,
  cancel,
  pause,
  resume,
  approve,
];
