/** HTTP server of the storage service: runs each call between its faults, and writes what comes of it. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isDiskFull } from '../../disk.ts';
import { listen } from '../../listen.ts';
import { stackOf } from '../../error-text.ts';
import type { LocalContext } from '../../context.ts';
import { InjectedFault } from '../../faults.ts';
import { ApiError, diskFull } from '../semantics/api-error.ts';
import type { StorageService } from '../semantics/storage-service.ts';
import { parseCall, type Call, type ContentBody, type Dialect, type Reply, type Route } from './call.ts';
import { errorReply, faultReply } from './errors.ts';
import type { Router } from './routes.ts';
import { sendReply } from './send.ts';

/**
 * Longer than any client keeps an idle connection, so that it is never the server that hangs up on a request under way.
 */
const KEEP_ALIVE_MS = 620_000;

export class StorageServer {
  readonly #service: StorageService;
  readonly #router: Router;
  readonly #context: LocalContext;
  readonly #server: Server;
  readonly #working = new Set<Promise<unknown>>();
  /** Known once it listens. */
  url = '';

  constructor(service: StorageService, router: Router, context: LocalContext) {
    this.#service = service;
    this.#router = router;
    this.#context = context;
    this.#server = createServer((request, response) => {
      void this.#answer(request, response);
    });
    this.#server.keepAliveTimeout = KEEP_ALIVE_MS;
    // An upload may take as long as it likes.
    this.#server.requestTimeout = 0;
  }

  async listen(port: number, host: string): Promise<void> {
    this.url = `http://${host}:${await listen(this.#server, port, host)}`;
  }

  /** Cuts what is under way, as the death of the process would, and waits until nobody touches the files any more. */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
    await Promise.allSettled(this.#working);
  }

  async #track<T>(work: Promise<T>): Promise<T> {
    this.#working.add(work);
    try {
      return await work;
    } finally {
      this.#working.delete(work);
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let route: Route = { name: 'unknown', handle: () => ({ status: 404 }), dialect: 'json' };
    let reply: Reply;
    try {
      const call = parseCall(request, this.url);
      route = this.#router.find(call);
      reply = await this.#run(route, call);
    } catch (error) {
      if (error instanceof InjectedFault && this.#misbehave(error, response)) return this.#book(route, 0);
      if (request.errored) return this.#book(route, 499);
      reply = this.#wordError(error, route.dialect);
      drain(request);
    }
    this.#book(route, reply.status);
    await this.#send(request, response, reply);
  }

  async #run(route: Route, call: Call): Promise<Reply> {
    await this.#context.faults.check('storage', route.name, 'before');
    const reply = await this.#track(Promise.resolve(route.handle(call)));
    try {
      await this.#context.faults.check('storage', route.name, 'after');
    } catch (error) {
      if (error instanceof InjectedFault && error.rule.effect === 'reset' && reply.content)
        return cutShort(reply, reply.content);
      throw error;
    }
    return reply;
  }

  async #send(request: IncomingMessage, response: ServerResponse, reply: Reply): Promise<void> {
    try {
      await this.#track(sendReply(this.#service, request, response, reply));
    } catch (error) {
      if (!response.destroyed) this.#context.log('storage', `answer broke off: ${String(error)}`);
      response.destroy();
    }
  }

  /** Answers true when the fault leaves nothing to answer. */
  #misbehave(fault: InjectedFault, response: ServerResponse): boolean {
    switch (fault.rule.effect) {
      case 'hang':
        return true;
      case 'reset':
      case 'drop':
        response.socket?.resetAndDestroy();
        return true;
      default:
        return false;
    }
  }

  #wordError(error: unknown, dialect: Dialect): Reply {
    if (error instanceof InjectedFault) return faultReply(error.rule, dialect);
    if (error instanceof ApiError) return errorReply(error, dialect);
    if (isDiskFull(error)) return errorReply(diskFull(), dialect);
    this.#context.log('storage', `internal error: ${stackOf(error)}`);
    return errorReply(new ApiError(500, 'internalError', 'Internal error', { xmlCode: 'InternalError' }), dialect);
  }

  #book(route: Route, status: number): void {
    this.#context.books.call('storage', route.name, status);
  }
}

/** A client that is refused while it still sends would wait for ever to get rid of the rest. */
function drain(request: IncomingMessage): void {
  request.unpipe();
  request.removeAllListeners('readable');
  // Not at once: both lines above take effect only in the next tick, and would stop it again.
  setImmediate(() => request.resume());
}

/** A connection lost in the middle of a download: the headers promise more than comes. */
function cutShort(reply: Reply, content: ContentBody): Reply {
  const { start, end } = content;
  const half = start + Math.floor((end - start) / 2);
  return { ...reply, content: { ...content, end: half }, isCutShort: true };
}
