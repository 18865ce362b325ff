/**
 * Cloud Logging: keeps every entry on disk (log-store.ts) and, like the log sinks that the
 * installation has in the cloud, publishes the few that drive the functions. These are progress and completion lines of
 * the pods, and ended GKE operations.
 */
import { join } from 'node:path';
import type { LocalContext } from '../context.ts';
import type { LogLine } from '../kubelet/types.ts';
import type { RunningPubsub } from '../pubsub/pubsub.ts';
import { containerEntry, type LogEntry } from './log-entry.ts';
import { type LogPage, type LogPosition, type LogQuery, LogStore } from './log-store.ts';

export interface LogSink {
  containerLine(line: LogLine): void;
  /** Takes the audit entry of a GKE operation that has come to its end. */
  operationEnded(entry: LogEntry): void;
  /** What Logging's entries:list is for: also of clusters that are gone. */
  entries(query: LogQuery, from?: LogPosition): LogPage;
}

export function createLogSink(
  context: LocalContext,
  options: {
    pubsub: RunningPubsub;
    progressTopic: string;
    completedTopic: string;
    clusterLocation(cluster: string): string;
  },
): LogSink {
  const store = new LogStore(join(context.stateDir, 'logs', 'clusters'));
  const publish = (topic: string, entry: LogEntry): void => {
    options.pubsub.publish(topic, {
      data: JSON.stringify(entry),
      attributes: { 'logging.googleapis.com/timestamp': entry.timestamp },
    });
  };
  return {
    containerLine: (line) => {
      const location = options.clusterLocation(line.cluster);
      const entry = containerEntry(line, { projectId: context.projectId, location, nowMs: context.clock.nowMs() });
      store.append(entry);
      if (entry.jsonPayload?.['ff'] === 'progress') publish(options.progressTopic, entry);
      if (entry.jsonPayload?.['ff'] === 'completed') publish(options.completedTopic, entry);
    },
    operationEnded: (entry) => {
      store.append(entry);
      publish(options.progressTopic, entry);
    },
    entries: (query, from) => store.read(query, from),
  };
}
