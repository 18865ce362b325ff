/** Endpoint slices: the addresses behind a service. */
import type { V1EndpointSlice } from '@kubernetes/client-node';
import type { EndpointSlice, ObjectOf } from '../objects.ts';
import type { FieldError } from '../api-error.ts';
import { defineKind } from './kind.ts';
import { limited, created } from './cells.ts';
import { setDefault } from './set-default.ts';
import { required, unsupported } from './field-error.ts';

declare module '../objects.ts' {
  interface Objects {
    endpointslices: ObjectOf<V1EndpointSlice>;
  }
}

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
  fields: `
Endpoint
  addresses!#1:[string|set] conditions#2:EndpointConditions deprecatedTopology#5:{string} hints#8:EndpointHints
  hostname*#3:string nodeName*#6:string targetRef#4:core/ObjectReference zone*#7:string
EndpointConditions
  ready*#1:bool serving*#2:bool terminating*#3:bool
EndpointHints
  forNodes#2:[ForNode|atomic] forZones#1:[ForZone|atomic]
EndpointPort (atomic)
  appProtocol*#4:string name*#1:string port*#3:int protocol*#2:string
EndpointSlice
  addressType!#4:string apiVersion:string endpoints!#2:[Endpoint|atomic] kind:string metadata#1:meta/ObjectMeta
  ports#3:[EndpointPort|atomic]
ForNode
  name!#1:string
ForZone
  name!#1:string`,
});

function defaultEndpointSlice({ ports, endpoints }: EndpointSlice): void {
  for (const port of ports ?? []) {
    port.name ??= '';
    setDefault(port, 'protocol', 'TCP');
  }
  for (const endpoint of endpoints ?? []) setDefault(endpoint, 'conditions', {});
}

function validateEndpointSlice({ addressType }: EndpointSlice): FieldError[] {
  const errors: FieldError[] = [];
  const types = ['FQDN', 'IPv4', 'IPv6'];
  if (!addressType) errors.push(required('addressType'));
  else if (!types.includes(addressType)) errors.push(unsupported('addressType', addressType, types));
  return errors;
}

function endpointSliceRow(slice: EndpointSlice, nowMs: number): unknown[] {
  const ports = (slice.ports ?? []).map((port) => String(port.port ?? '*'));
  const addresses = (slice.endpoints ?? []).flatMap((each) => each.addresses ?? []);
  const shown = ports.length === 0 ? '<unset>' : limited(ports);
  return [
    slice.metadata.name,
    slice.addressType,
    shown,
    addresses.length === 0 ? '<unset>' : limited(addresses),
    created(slice, nowMs),
  ];
}
