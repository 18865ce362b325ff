/** Endpoints: the addresses behind a service, in the older form. */
import type { KubeObject, Plain } from '../object.ts';
import { defineKind } from './kind.ts';
import { limited, created } from './cells.ts';
import { defaultProtocol } from './set-default.ts';

export const endpoints = defineKind({
  kind: 'Endpoints',
  resource: 'endpoints',
  shortNames: ['ep'],
  untracked: true,
  defaults: (object) => {
    for (const subset of (object['subsets'] ?? []) as Plain[]) defaultProtocol(subset['ports']);
  },
  columns: 'Name|Endpoints|Age',
  row: endpointsRow,
});

function endpointsRow(endpoints: KubeObject, nowMs: number): unknown[] {
  const targets = ((endpoints['subsets'] ?? []) as Plain[]).flatMap((subset) => {
    const ports = (subset['ports'] ?? []) as Plain[];
    const addresses = ((subset['addresses'] ?? []) as Plain[]).map((each) => String(each['ip']));
    if (ports.length === 0) return addresses;
    return ports.flatMap((port) => addresses.map((address) => `${address}:${port['port']}`));
  });
  return [endpoints.metadata.name, limited(targets), created(endpoints, nowMs)];
}
