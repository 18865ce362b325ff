/** Setting what a client left out. */
import type { Plain } from '../object.ts';

/** Sets `key` where it is absent. Zero values count as absent for the fields that this is used on. */
export function setDefault(target: Plain, key: string, value: unknown): void {
  if (target[key] === undefined || target[key] === '') target[key] = value;
}

/** The protocol of ports. */
export function defaultProtocol(ports: Plain[] | undefined): void {
  for (const port of ports ?? []) setDefault(port, 'protocol', 'TCP');
}
