/** Errors of the Pub/Sub service in its own words; grpc-server.ts turns them into gRPC statuses. */
export type PubsubErrorCode =
  'NOT_FOUND' | 'ALREADY_EXISTS' | 'INVALID_ARGUMENT' | 'FAILED_PRECONDITION' | 'UNIMPLEMENTED';

export class PubsubError extends Error {
  readonly code: PubsubErrorCode;
  constructor(code: PubsubErrorCode, message: string) {
    super(message);
    this.name = 'PubsubError';
    this.code = code;
  }
}

export function notFound(resource: string): PubsubError {
  return new PubsubError('NOT_FOUND', `Resource not found (resource=${shortName(resource)}).`);
}

export function alreadyExists(resource: string): PubsubError {
  return new PubsubError('ALREADY_EXISTS', `Resource already exists in the project (resource=${shortName(resource)}).`);
}

/** `projects/p/topics/t` -> `t`, as the service's messages name things. */
export function shortName(resource: string): string {
  return resource.slice(resource.lastIndexOf('/') + 1);
}
