/**
 * What the results of a container's probes do: they mark it started and ready, are
 * told as events, and condemn it to a restart.
 */
import type { ProbeListener } from '../container/probes.ts';
import type { Container } from '../types.ts';

export interface ProbedPod {
  /** Names of the containers that have started, and that are ready. */
  readonly started: Set<string>;
  readonly ready: Set<string>;
  changed(): void;
  warn(reason: string, message: string): void;
  /** Without a grace of the probe's own, the pod's counts. */
  restart(graceSeconds: number | undefined, message: string): void;
}

export function probeListener(container: Container, pod: ProbedPod): ProbeListener {
  const { name } = container;
  const mark = (names: Set<string>, value: boolean): void => {
    if (names.has(name) === value) return;
    if (value) names.add(name);
    else names.delete(name);
    pod.changed();
  };
  return {
    started: () => mark(pod.started, true),
    ready: (isReady) => mark(pod.ready, isReady),
    unhealthy: (_kind, message) => pod.warn('Unhealthy', message),
    condemned: (kind) => {
      const probe = kind === 'liveness' ? container.livenessProbe : container.startupProbe;
      pod.restart(probe?.terminationGracePeriodSeconds, `Container ${name} failed ${kind} probe, will be restarted`);
    },
  };
}
