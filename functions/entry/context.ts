/**
 * What every function is given: the ports, made once per instance and only when an
 * event needs them, and the settings of a pass.
 */
import type { Ports } from '../ports/ports.ts';
import type { PassSettings } from '../job/settings.ts';

export interface Context {
  ports(): Promise<Ports>;
  settings: PassSettings;
}

/** A CloudEvent as functions-framework hands it over; nothing in it is trusted. */
export interface Event {
  id?: string;
  type?: string;
  time?: string;
  data?: unknown;
}

/** When the event happened, in ms; undefined when it does not say. */
export function eventMs(event: Event): number | undefined {
  const ms = Date.parse(event.time ?? '');
  return Number.isNaN(ms) ? undefined : ms;
}
