/** Endpoints: the addresses behind a service, in the older form. */
import type { V1Endpoints } from '@kubernetes/client-node';
import type { Endpoints, ObjectOf } from '../objects.ts';
import { defineKind } from './kind.ts';
import { limited, created } from './cells.ts';
import { defaultProtocol } from './set-default.ts';

declare module '../objects.ts' {
  interface Objects {
    endpoints: ObjectOf<V1Endpoints>;
  }
}

export const endpoints = defineKind({
  kind: 'Endpoints',
  resource: 'endpoints',
  shortNames: ['ep'],
  untracked: true,
  defaults: defaultEndpoints,
  columns: 'Name|Endpoints|Age',
  row: endpointsRow,
  fields: `
EndpointAddress (atomic)
  hostname#3:string ip!#1:string nodeName*#4:string targetRef#2:ObjectReference
EndpointPort (atomic)
  appProtocol*#4:string name#1:string port!#2:int protocol#3:string
EndpointSubset
  addresses#1:[EndpointAddress|atomic] notReadyAddresses#2:[EndpointAddress|atomic] ports#3:[EndpointPort|atomic]
Endpoints
  apiVersion:string kind:string metadata#1:meta/ObjectMeta subsets#2:[EndpointSubset|atomic]`,
});

function defaultEndpoints({ subsets }: Endpoints): void {
  for (const subset of subsets ?? []) defaultProtocol(subset.ports);
}

function endpointsRow(endpoints: Endpoints, nowMs: number): unknown[] {
  const targets = (endpoints.subsets ?? []).flatMap((subset) => {
    const ports = subset.ports ?? [];
    const addresses = (subset.addresses ?? []).map((each) => String(each.ip));
    if (ports.length === 0) return addresses;
    return ports.flatMap((port) => addresses.map((address) => `${address}:${port.port}`));
  });
  return [endpoints.metadata.name, limited(targets), created(endpoints, nowMs)];
}
