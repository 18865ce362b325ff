/** Endpoint slices: the addresses behind a service. */
import type { KubeObject, Plain } from '../object.ts';
import type { FieldError } from '../api-error.ts';
import { defineKind } from './kind.ts';
import { limited, created } from './cells.ts';
import { setDefault } from './set-default.ts';
import { required, unsupported } from './field-error.ts';

export const endpointSlice = defineKind({
  group: 'discovery.k8s.io',
  kind: 'EndpointSlice',
  resource: 'endpointslices',
  countsGenerations: true,
  untracked: true,
  defaults: defaultEndpointSlice,
  rules: validateEndpointSlice,
  columns: 'Name|AddressType|Ports|Endpoints|Age',
  row: endpointSliceRow,
});

function defaultEndpointSlice(slice: Plain): void {
  for (const port of (slice['ports'] ?? []) as Plain[]) {
    port['name'] ??= '';
    setDefault(port, 'protocol', 'TCP');
  }
  for (const endpoint of (slice['endpoints'] ?? []) as Plain[]) setDefault(endpoint, 'conditions', {});
}

function validateEndpointSlice(slice: Plain): FieldError[] {
  const errors: FieldError[] = [];
  const types = ['FQDN', 'IPv4', 'IPv6'];
  if (!slice['addressType']) errors.push(required('addressType'));
  else if (!types.includes(slice['addressType'])) errors.push(unsupported('addressType', slice['addressType'], types));
  return errors;
}

function endpointSliceRow(slice: KubeObject, nowMs: number): unknown[] {
  const ports = ((slice['ports'] ?? []) as Plain[]).map((port) => String(port['port'] ?? '*'));
  const addresses = ((slice['endpoints'] ?? []) as Plain[]).flatMap((each) => (each['addresses'] ?? []) as string[]);
  const shown = ports.length === 0 ? '<unset>' : limited(ports);
  return [
    slice.metadata.name,
    slice['addressType'],
    shown,
    addresses.length === 0 ? '<unset>' : limited(addresses),
    created(slice, nowMs),
  ];
}
