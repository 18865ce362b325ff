/** What a command has thrown, as code, message, remedy and exit code. */
import { PortError } from '../functions/ports/port-error.ts';
import { CommandError, EXIT } from './exit-codes.ts';

/** What a user can put right: a full disk, a folder that may not be written, a file where a folder should be. */
const FILE_ERRORS: Record<string, string> = {
  ENOSPC: 'make room on the disk, then run the command again',
  EDQUOT: 'make room on the disk, then run the command again',
  EACCES: 'name a folder that you may use, or change its permissions',
  EPERM: 'name a folder that you may use, or change its permissions',
  EROFS: 'name a folder that can be written',
  EEXIST: 'name a folder; there is a file of that name',
  ENOTDIR: 'name a folder; part of that path is a file',
  EISDIR: 'remove the folder that stands where a file belongs, or name another one',
};

function asFileError(error: unknown): CommandError | null {
  if (!(error instanceof Error)) return null;
  const { code, syscall, message }: NodeJS.ErrnoException = error;
  const remedy = syscall === undefined || code === undefined ? undefined : FILE_ERRORS[code];
  return remedy === undefined || syscall === 'connect' || syscall === 'listen'
    ? null
    : new CommandError('FF-FILE-ACCESS', message, remedy, EXIT.invalid);
}

export interface Explained {
  code: string;
  message: string;
  remedy: string;
  exitCode: number;
}

export function explain(error: unknown): Explained {
  const known = error instanceof CommandError ? error : asFileError(error);
  return {
    code: known?.code ?? (error instanceof PortError ? error.code : 'FF-UNEXPECTED'),
    message: error instanceof Error ? error.message : String(error),
    remedy: known?.remedy ?? 'try again; if it stays, run: foreach-fleet doctor',
    exitCode: known?.exitCode ?? EXIT.failure,
  };
}
