/** Setting what a client left out. */

/** Sets `key` where it is absent. Zero values count as absent for the fields that this is used on. */
export function setDefault<T extends object, Key extends keyof T>(
  target: T,
  key: Key,
  value: NonNullable<T[Key]>,
): void {
  if (target[key] === undefined || target[key] === '') target[key] = value;
}

/** The protocol of ports. */
export function defaultProtocol(ports: { protocol?: string | undefined }[] | undefined): void {
  for (const port of ports ?? []) setDefault(port, 'protocol', 'TCP');
}
