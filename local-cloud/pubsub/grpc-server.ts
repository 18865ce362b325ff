/**
 * The gRPC side that all methods share: the service definitions that ship with the client library,
 * scripted faults, the books of calls, and errors as gRPC statuses. Which method does what is in
 * publisher.ts, subscriber.ts and streaming-pull.ts.
 */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js';
import type { sendUnaryData, ServerUnaryCall, ServiceError, UntypedHandleCall } from '@grpc/grpc-js';
import { fromJSON, type AnyDefinition, type ServiceDefinition } from '@grpc/proto-loader';
import * as z from 'zod';
import { messageOf } from '../error-text.ts';
import type { LocalContext } from '../context.ts';
import { InjectedFault } from '../faults.ts';
import { isPlain } from '../is-plain.ts';
import { readJson } from '../read-json.ts';
import { PubsubError } from './pubsub-error.ts';

const require = createRequire(import.meta.url);
/** The descriptors as JSON load in half the time that the .proto files take. */
const protosFile = join(dirname(require.resolve('@google-cloud/pubsub/package.json')), 'build/protos/protos.json');
/** As the installed package has them: loading them finds what is wrong. */
const protos = z.custom<Parameters<typeof fromJSON>[0]>(isPlain);
/** A publish request is at most 10 MB; a pull answer may be larger. */
const maxRequestBytes = 20 * 1024 * 1024;

export function createGrpcServer(
  methods: Record<'Publisher' | 'Subscriber', Record<string, UntypedHandleCall>>,
): Server {
  const definitions = fromJSON(readJson(protosFile, protos), {
    longs: String,
    enums: String,
    defaults: true,
    oneofs: true,
  });
  const server = new Server({ 'grpc.max_receive_message_length': maxRequestBytes });
  for (const [service, implementation] of Object.entries(methods)) {
    // A method without an implementation is answered UNIMPLEMENTED by grpc-js itself.
    const definition = definitions[`google.pubsub.v1.${service}`];
    if (isService(definition)) server.addService(definition, implementation);
  }
  return server;
}

/** The others are those of messages and enums, which say in which format they are. */
function isService(definition: AnyDefinition | undefined): definition is ServiceDefinition {
  return definition !== undefined && typeof definition['format'] !== 'string';
}

export async function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(Object.assign(error, { code: 'EADDRINUSE' })) : resolve(bound),
    );
  });
}

/** A unary method of the service as a plain function: request message in, response message (or a promise of it) out. */
export function unary<Request>(run: (request: Request, signal: AbortSignal) => object | Promise<object>): UnaryMethod {
  return (context, name) => (call: ServerUnaryCall<Request, object>, callback: sendUnaryData<object>) => {
    const cancelled = new AbortController();
    call.on('cancelled', () => cancelled.abort());
    if (call.cancelled) cancelled.abort();
    runMethod(context, name, () => run(call.request, cancelled.signal)).then(
      (response) => callback(null, response),
      (error: unknown) => {
        if (isHang(error)) return;
        callback(toServiceError(error));
      },
    );
  };
}

/** grpc-js calls a method with the messages that its definition names. */
export type UnaryMethod = (context: LocalContext, name: string) => UntypedHandleCall;

/** `Publish` is called `publish` in fault rules and the books. */
export function unaryMethods(
  context: LocalContext,
  methods: Record<string, UnaryMethod>,
): Record<string, UntypedHandleCall> {
  return Object.fromEntries(Object.entries(methods).map(([name, method]) => [name, method(context, camelCase(name))]));
}

async function runMethod(context: LocalContext, name: string, run: () => object | Promise<object>): Promise<object> {
  let code: number = status.OK;
  try {
    await context.faults.check('pubsub', name, 'before');
    const response = await run();
    await context.faults.check('pubsub', name, 'after');
    return response;
  } catch (error) {
    code = toServiceError(error).code;
    throw error;
  } finally {
    context.books.call('pubsub', name, code);
  }
}

export function toServiceError(error: unknown): ServiceError {
  const message = messageOf(error);
  return Object.assign(new Error(message), { code: grpcCode(error), details: message, metadata: new Metadata() });
}

function grpcCode(error: unknown): number {
  if (error instanceof PubsubError) return status[error.code];
  if (error instanceof InjectedFault) return fromHttpStatus(error.rule.effect === 'status' ? error.rule.status : 503);
  return status.INTERNAL;
}

/** A fault rule may name a gRPC code or an HTTP status. */
function fromHttpStatus(code = 503): number {
  const codes: Record<number, number> = {
    400: status.INVALID_ARGUMENT,
    401: status.UNAUTHENTICATED,
    403: status.PERMISSION_DENIED,
    404: status.NOT_FOUND,
    409: status.ALREADY_EXISTS,
    429: status.RESOURCE_EXHAUSTED,
    500: status.INTERNAL,
    503: status.UNAVAILABLE,
    504: status.DEADLINE_EXCEEDED,
  };
  return code <= 16 ? code : (codes[code] ?? status.UNKNOWN);
}

function isHang(error: unknown): boolean {
  return error instanceof InjectedFault && error.rule.effect === 'hang';
}

function camelCase(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
