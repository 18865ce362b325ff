/**
 * Containers that could not be started because something was missing: what each waits for, since how
 * many tries, and when the next one is due.
 */
import { messageOf } from '../../error-text.ts';
import { ConfigError } from '../container/container-env.ts';
import { PortTaken } from '../container/port-check.ts';
import { ServiceNotReady } from '../container/service-env.ts';
import type { Waiting } from './pod-status.ts';

export interface StartEvent {
  reason: string;
  message: string;
}

export class StartRetries {
  /** Shown in the pod's status. */
  readonly waiting = new Map<string, Waiting>();
  readonly #dueMs = new Map<string, number>();
  readonly #tries = new Map<string, number>();

  /** 0 when nothing is known against a start now. */
  dueMs(name: string): number {
    return this.#dueMs.get(name) ?? 0;
  }

  wait(name: string, waiting: Waiting, dueMs: number): void {
    this.waiting.set(name, waiting);
    this.#dueMs.set(name, dueMs);
  }

  /** The start failed. Answers the event to record: of the many tries the first, second, fourth, eighth... are told. */
  failed(name: string, error: unknown, dueMs: number): StartEvent | undefined {
    const message = messageOf(error);
    const isConfig = error instanceof ConfigError;
    this.wait(name, { reason: waitingReason(error), message }, dueMs);
    const tries = (this.#tries.get(name) ?? 0) + 1;
    this.#tries.set(name, tries);
    if (!isPowerOfTwo(tries)) return undefined;
    const reason = error instanceof ServiceNotReady ? 'ServiceNotReady' : 'Failed';
    return { reason, message: isConfig ? `Error: ${message}` : message };
  }

  started(name: string): void {
    this.waiting.delete(name);
    this.#dueMs.delete(name);
    this.#tries.delete(name);
  }
}

/** In the kubelet's words: what it cannot configure, what it cannot run, what is merely not there yet. */
function waitingReason(error: unknown): string {
  if (error instanceof ConfigError) return 'CreateContainerConfigError';
  return error instanceof PortTaken ? 'RunContainerError' : 'ContainerCreating';
}

/** Whether the n-th of many like events is told: the first, second, fourth, eighth... */
export function isPowerOfTwo(count: number): boolean {
  return (count & (count - 1)) === 0;
}
