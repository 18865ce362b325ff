/**
 * The processes that the kubelets of one local cloud run, as /proc shows them now: they carry the
 * kubelet's mark and paths of the state directory.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { CONTAINER_MARK } from '../kubelet/container/process-table.ts';

export interface PodProcess {
  pid: number;
  pod: string;
  containerId: string;
  command: string;
}

export function podProcesses(stateDir: string): PodProcess[] {
  const found: PodProcess[] = [];
  for (const entry of readdirSync('/proc')) {
    const environment = /^\d+$/.test(entry) ? readVariables(`/proc/${entry}/environ`) : undefined;
    const containerId = environment?.find((variable) => variable.startsWith(`${CONTAINER_MARK}=`));
    if (!environment || !containerId || !environment.some((variable) => variable.includes(`=${stateDir}/`))) continue;
    const host = environment.find((variable) => variable.startsWith('HOSTNAME='));
    found.push({
      pid: Number(entry),
      pod: host?.slice('HOSTNAME='.length) ?? '',
      containerId: containerId.slice(CONTAINER_MARK.length + 1),
      command: (readVariables(`/proc/${entry}/cmdline`) ?? []).join(' ').trim(),
    });
  }
  return found;
}

/** NUL-separated strings; undefined when the process is gone or not ours. */
function readVariables(file: string): string[] | undefined {
  try {
    return readFileSync(file, 'utf8').split('\0');
  } catch {
    return undefined;
  }
}
