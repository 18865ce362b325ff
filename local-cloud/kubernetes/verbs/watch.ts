/** watch: the stream of changes of a resource, as JSON lines. */
import { invalid } from '../api-error.ts';
import { whenClosed, type Answer, type Call } from '../wire/call.ts';
import { matcherOf, refuseFuture, selectObjects } from './read.ts';
import { frameWriter, type FrameWriter } from '../wire/render.ts';
import { isTrue } from '../wire/request.ts';
import type { KubeObject } from '../object.ts';
import type { StoreEvent } from '../object-store.ts';

const BOOKMARK_MS = 60_000;
const DEFAULT_TIMEOUT_SECONDS = 3600;
/** A client that does not read is cut off before its backlog hurts everybody. */
const MAX_BACKLOG_BYTES = 64 * 1024 * 1024;

/** Starts a watch. It ends by timeoutSeconds, by the client, by a backlog, or with the server. */
export function watchObjects(call: Call): Answer {
  const { request, store, hub, response } = call;
  const { query, type } = request;
  const matches = matcherOf(request);
  const frames = frameWriter(call);
  const since = query.get('resourceVersion');
  const initial = isTrue(query.get('sendInitialEvents'));
  if (initial && query.get('resourceVersionMatch') !== 'NotOlderThan') throw initialWithoutMatch();
  if (since) refuseFuture(store, since);
  response.writeHead(200, { 'content-type': frames.contentType, 'cache-control': 'no-cache, private' });
  response.flushHeaders();
  const send = (text: string): void => {
    if (response.writableLength > MAX_BACKLOG_BYTES) response.destroy();
    else response.write(text);
  };
  // Everything up to here and the subscription happen in one turn, so that no change falls between them.
  if (initial || !since || since === '0') {
    for (const object of selectObjects(store, request)) send(frames.event('ADDED', object));
    if (initial) send(frames.bookmark(store.resourceVersion(), { 'k8s.io/initial-events-end': 'true' }));
  } else if (!replay(call, Number(since), matches, frames, send)) {
    response.end();
    return { is: 'streamed' };
  }
  const remove = hub.add(type.resource, (event) => {
    const text = frameOf(event, matches, frames);
    if (text !== undefined) send(text);
  });
  endWith(call, remove, () => send(frames.bookmark(store.resourceVersion())));
  return { is: 'streamed' };
}

/**
 * Sends what has happened since; false when that is no longer known, which the
 * client is told as an error in the stream.
 */
function replay(
  { store, request }: Call,
  since: number,
  matches: (object: KubeObject) => boolean,
  frames: FrameWriter,
  send: (text: string) => void,
): boolean {
  const missed = store.since(since);
  if (missed === undefined) {
    const message = `too old resource version: ${since} (${store.resourceVersion()})`;
    send(
      frames.error({
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message,
        reason: 'Expired',
        code: 410,
      }),
    );
    return false;
  }
  for (const event of missed) {
    if (event.resource !== request.type.resource) continue;
    const text = frameOf(event, matches, frames);
    if (text !== undefined) send(text);
  }
  return true;
}

/** An object that a change moves into or out of the selection is added or deleted, as far as this watch can see. */
function frameOf(event: StoreEvent, matches: (object: KubeObject) => boolean, frames: FrameWriter): string | undefined {
  const isSelected = event.type !== 'DELETED' && matches(event.object);
  const wasSelected = event.previous !== undefined && matches(event.previous);
  if (isSelected) return frames.event(wasSelected ? 'MODIFIED' : 'ADDED', event.object);
  return wasSelected ? frames.event('DELETED', event.object) : undefined;
}

function endWith({ context, request, response }: Call, remove: () => void, bookmark: () => void): void {
  const asked = Number(request.query.get('timeoutSeconds') ?? 0);
  const seconds = asked > 0 ? asked : DEFAULT_TIMEOUT_SECONDS;
  const cancelEnd = context.clock.after(seconds * 1000, () => response.end());
  let cancelBookmark = (): void => {};
  const tick = (): void => {
    bookmark();
    cancelBookmark = context.clock.after(BOOKMARK_MS, tick);
  };
  if (isTrue(request.query.get('allowWatchBookmarks'))) cancelBookmark = context.clock.after(BOOKMARK_MS, tick);
  whenClosed(response, () => {
    remove();
    cancelEnd();
    cancelBookmark();
  });
}

function initialWithoutMatch(): Error {
  const message = 'Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan';
  return invalid('ListOptions', 'meta.k8s.io', '', [
    { reason: 'FieldValueForbidden', field: 'resourceVersionMatch', message },
  ]);
}
