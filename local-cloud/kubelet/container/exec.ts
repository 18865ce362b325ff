/**
 * Runs a command beside a container (probe, preStop): same environment, directory and
 * path mapping, a time limit, output capped.
 */
import { messageOf } from '../../error-text.ts';
import type { ContainerProcess } from './container-process.ts';
import { startProcess, type Launch } from './container-process.ts';

export interface ExecResult {
  exitCode: number;
  output: string;
  timedOut: boolean;
}

const OUTPUT_LIMIT = 10 * 1024;

export async function execBeside(launch: Launch, argv: string[], timeoutMs: number): Promise<ExecResult> {
  let output = '';
  const collect = (data: Buffer) => {
    if (output.length < OUTPUT_LIMIT) output += data.toString('utf8').slice(0, OUTPUT_LIMIT - output.length);
  };
  let running: ContainerProcess;
  try {
    running = await startProcess({ ...launch, argv, isBeside: true }, (child) => {
      child.stdout?.on('data', collect);
      child.stderr?.on('data', collect);
    });
  } catch (error) {
    return { exitCode: 127, output: messageOf(error), timedOut: false };
  }
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    running.killAll();
  }, timeoutMs);
  const exit = await running.exited;
  clearTimeout(timer);
  return { exitCode: exit.exitCode, output: output.trim(), timedOut };
}
