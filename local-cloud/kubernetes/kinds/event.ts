/** Events of the core group. The form of events.k8s.io is not served: kubectl reads and this server writes this one. */
import type { CoreV1Event } from '@kubernetes/client-node';
import type { ObjectOf } from '../objects.ts';
import { defineKind } from './kind.ts';
import { age } from './cells.ts';

/** Null where it is not known. */
type EventTime = 'eventTime' | 'firstTimestamp' | 'lastTimestamp';

type StoredEvent = Omit<ObjectOf<CoreV1Event>, EventTime> & { [Time in EventTime]?: string | null | undefined };

declare module '../objects.ts' {
  interface Objects {
    events: StoredEvent;
  }
}

export const event = defineKind({
  kind: 'Event',
  resource: 'events',
  shortNames: ['ev'],
  untracked: true,
  defaults: defaultEvent,
  columns: 'Last Seen|Type|Reason|Object|Subobject+|Source+|Message|First Seen+|Count+|Name+',
  row: eventRow,
  selectable: {
    'involvedObject.kind': ({ involvedObject: subject }) => subject?.kind,
    'involvedObject.namespace': ({ involvedObject: subject }) => subject?.namespace,
    'involvedObject.name': ({ involvedObject: subject }) => subject?.name,
    'involvedObject.uid': ({ involvedObject: subject }) => subject?.uid,
    'involvedObject.apiVersion': ({ involvedObject: subject }) => subject?.apiVersion,
    'involvedObject.resourceVersion': ({ involvedObject: subject }) => subject?.resourceVersion,
    'involvedObject.fieldPath': ({ involvedObject: subject }) => subject?.fieldPath,
    reason: (event) => event.reason,
    reportingComponent: (event) => event.reportingComponent || event.source?.component,
    source: (event) => event.source?.component || event.reportingComponent,
    type: (event) => event.type,
  },
  fields: `
Event
  action#12:string apiVersion:string count#8:int eventTime#10:microtime firstTimestamp#6:time
  involvedObject!#2:ObjectReference kind:string lastTimestamp#7:time message#4:string metadata!#1:meta/ObjectMeta
  reason#3:string related#13:ObjectReference reportingComponent#14:string reportingInstance#15:string
  series#11:EventSeries source#5:EventSource type#9:string
EventSeries
  count#1:int lastObservedTime#2:microtime
EventSource
  component#1:string host#2:string`,
});

/** Times that are not known are null on the wire, not absent. */
function defaultEvent(event: StoredEvent): void {
  for (const name of ['eventTime', 'firstTimestamp', 'lastTimestamp'] as const) event[name] ??= null;
  event.reportingComponent ??= event.source?.component ?? '';
  event.reportingInstance ??= event.source?.host ?? '';
  event.source ??= {};
}

function eventRow(event: StoredEvent, nowMs: number): unknown[] {
  const { source, involvedObject: subject, series } = event;
  const first = event.firstTimestamp || event.eventTime;
  const last = series?.lastObservedTime || event.lastTimestamp || first;
  return [
    age(last, nowMs),
    event.type ?? '',
    event.reason ?? '',
    `${(subject?.kind ?? '').toLowerCase()}/${subject?.name ?? ''}`,
    subject?.fieldPath ?? '',
    [source?.component, source?.host].filter(Boolean).join(', ') || (event.reportingComponent ?? ''),
    (event.message ?? '').trim(),
    age(first, nowMs),
    series?.count ?? event.count ?? 1,
    event.metadata.name,
  ];
}
