/** Who writes a field: the manager that a call speaks for, and which writes the books on managers leave out. */
import type { WriteOptions } from '../object-store.ts';
import { schemaOf } from '../schema/schema.ts';
import { timestamp } from '../store/metadata.ts';
import { isDryRun, type Call } from '../wire/call.ts';
import { trackUpdate, type Manager } from './apply.ts';

/** Whoever the call says it is, or else the program by its User-Agent. */
export function managerOf(call: Call): Manager {
  const name = call.request.query.get('fieldManager') || call.agent;
  return { name, subresource: call.request.subresource, time: timestamp(call.context.clock.nowMs()) };
}

/**
 * Options of a write through the API: warnings, dry run, and the books on field
 * managers unless the caller keeps them itself.
 */
export function writeOptions(call: Call, tracked = true): WriteOptions {
  const { type, query } = call.request;
  const track = tracked && !type.untracked && !call.agent.startsWith('foreach-fleet-kubelet');
  return {
    dryRun: isDryRun(query),
    warn: call.warn,
    ...(track ? { finish: (next, stored) => trackUpdate(stored, next, schemaOf(type), managerOf(call)) } : {}),
  };
}
