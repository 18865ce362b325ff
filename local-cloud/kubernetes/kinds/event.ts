/** Events of the core group. The form of events.k8s.io is not served: kubectl reads and this server writes this one. */
import type { KubeObject, Plain } from '../object.ts';
import { defineKind } from './kind.ts';
import { age, at } from './cells.ts';
import { setDefault } from './set-default.ts';

export const event = defineKind({
  kind: 'Event',
  resource: 'events',
  shortNames: ['ev'],
  untracked: true,
  defaults: defaultEvent,
  columns: 'Last Seen|Type|Reason|Object|Subobject+|Source+|Message|First Seen+|Count+|Name+',
  row: eventRow,
  selectable: {
    'involvedObject.kind': (event) => event['involvedObject']?.kind,
    'involvedObject.namespace': (event) => event['involvedObject']?.namespace,
    'involvedObject.name': (event) => event['involvedObject']?.name,
    'involvedObject.uid': (event) => event['involvedObject']?.uid,
    'involvedObject.apiVersion': (event) => event['involvedObject']?.apiVersion,
    'involvedObject.resourceVersion': (event) => event['involvedObject']?.resourceVersion,
    'involvedObject.fieldPath': (event) => event['involvedObject']?.fieldPath,
    reason: (event) => event['reason'],
    reportingComponent: (event) => event['reportingComponent'] || event['source']?.component,
    source: (event) => event['source']?.component || event['reportingComponent'],
    type: (event) => event['type'],
  },
});

function defaultEvent(event: Plain): void {
  for (const name of ['eventTime', 'firstTimestamp', 'lastTimestamp']) event[name] ??= null;
  event['reportingComponent'] ??= event['source']?.component ?? '';
  event['reportingInstance'] ??= event['source']?.host ?? '';
  setDefault(event, 'source', {});
}

function eventRow(event: KubeObject, nowMs: number): unknown[] {
  const source = [at(event, 'source.component'), at(event, 'source.host')].filter((part) => part !== '').join(', ');
  const first = at(event, 'firstTimestamp', event['eventTime']) as string | null;
  const last = at(event, 'series.lastObservedTime', at(event, 'lastTimestamp', first)) as string | null;
  return [
    age(last, nowMs),
    at(event, 'type'),
    at(event, 'reason'),
    `${String(at(event, 'involvedObject.kind')).toLowerCase()}/${at(event, 'involvedObject.name')}`,
    at(event, 'involvedObject.fieldPath'),
    source || at(event, 'reportingComponent'),
    String(at(event, 'message')).trim(),
    age(first, nowMs),
    at(event, 'series.count', at(event, 'count', 1)),
    event.metadata.name,
  ];
}
