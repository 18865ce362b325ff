/**
 * One process group of a container: started in a session of its own with a cleared environment, killed with
 * everything it left behind. `setpriv --pdeathsig` lets it die with the local cloud even when that is
 * killed with SIGKILL. Knows nothing of pods.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { constants as osConstants } from 'node:os';
import { codeOf } from '../../error-text.ts';
import { CONTAINER_MARK, killContainerProcesses, readProcess, sendSignal } from './process-table.ts';

export interface Launch {
  containerId: string;
  /** A command beside a container ends with its own group; what a container leaves behind is looked for everywhere. */
  isBeside?: boolean;
  /** Program and arguments, paths already those of this machine. */
  argv: string[];
  env: Record<string, string>;
  cwd: string;
}

export interface ProcessExit {
  /** 128 + signal number for a process that was ended by a signal. */
  exitCode: number;
  signal: number | undefined;
}

/** The program cannot be started at all: what a container runtime reports as StartError, exit code 128. */
export class StartError extends Error {}

/** How long a pipe that a straggler holds open may delay the end of a container. */
const PIPE_GRACE_MS = 2000;

export class ContainerProcess {
  readonly pid: number;
  readonly startTicks: number;
  /** Resolves when the main process is gone, the rest of its group is killed and the output is read to its end. */
  readonly exited: Promise<ProcessExit>;
  readonly #child: ChildProcess;
  readonly #launch: Launch;
  #gone = false;

  constructor(child: ChildProcess, pid: number, launch: Launch) {
    this.#child = child;
    this.pid = pid;
    this.#launch = launch;
    this.startTicks = readProcess(pid)?.startTicks ?? 0;
    this.exited = this.#watchExit();
  }

  /** Signals the main process, as a container runtime does with PID 1. */
  signal(signal: NodeJS.Signals): void {
    if (!this.#gone) sendSignal(this.pid, signal);
  }

  /** SIGKILL for the whole session. */
  killAll(): void {
    if (this.#gone) return;
    try {
      process.kill(-this.pid, 'SIGKILL');
    } catch {
      // The group is gone already.
    }
    if (!this.#launch.isBeside) killContainerProcesses(this.#launch.containerId, this.pid);
  }

  async #watchExit(): Promise<ProcessExit> {
    const closed = new Promise<void>((resolve) => this.#child.once('close', () => resolve()));
    const exit = await new Promise<ProcessExit>((resolve) => {
      this.#child.once('exit', (code, signal) => resolve(toExit(code, signal)));
    });
    this.killAll();
    this.#gone = true;
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([closed, new Promise<void>((resolve) => (timer = setTimeout(resolve, PIPE_GRACE_MS)))]);
    clearTimeout(timer);
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
    return exit;
  }
}

/**
 * Starts the program; its output goes to the two consumers of `attach`. Throws
 * StartError when there is no such program.
 */
export async function startProcess(launch: Launch, attach: (child: ChildProcess) => void): Promise<ContainerProcess> {
  const program = findProgram(launch);
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', program, ...launch.argv.slice(1)], {
    cwd: launch.cwd,
    env: { ...launch.env, [CONTAINER_MARK]: launch.containerId },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { pid } = child;
  if (pid === undefined) throw await spawnFailure(child);
  child.on('error', () => undefined);
  attach(child);
  return new ContainerProcess(child, pid, launch);
}

function spawnFailure(child: ChildProcess): Promise<StartError> {
  return new Promise((resolve) => child.once('error', (error) => resolve(new StartError(error.message))));
}

function toExit(code: number | null, signal: NodeJS.Signals | null): ProcessExit {
  if (signal === null) return { exitCode: code ?? 0, signal: undefined };
  const number = osConstants.signals[signal];
  return { exitCode: 128 + number, signal: number };
}

/** The program's full path, looked up in the container's PATH as execvp does. */
function findProgram(launch: Launch): string {
  const name = launch.argv[0];
  if (name === undefined || name === '') throw new StartError('no command specified');
  if (name.includes('/')) {
    const path = isAbsolute(name) ? name : join(launch.cwd, name);
    const problem = executableProblem(path);
    if (problem) throw new StartError(`exec: "${name}": ${problem}`);
    return path;
  }
  for (const folder of (launch.env['PATH'] ?? '').split(':')) {
    const path = join(folder === '' ? launch.cwd : folder, name);
    if (executableProblem(path) === undefined) return path;
  }
  throw new StartError(`exec: "${name}": executable file not found in $PATH`);
}

function executableProblem(path: string): string | undefined {
  try {
    if (!statSync(path).isFile()) return 'is a directory';
    accessSync(path, constants.X_OK);
    return undefined;
  } catch (error) {
    return codeOf(error) === 'EACCES' ? 'permission denied' : `stat ${path}: no such file or directory`;
  }
}
