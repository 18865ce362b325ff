/**
 * Errors of the Kubernetes API: what a store or a handler throws, and the Status object that a client sees for it.
 * The messages are those of the real API server, because clients (and people) match on them.
 */

export interface StatusCause {
  reason: string;
  message: string;
  field: string;
}

export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: StatusCause[];
  retryAfterSeconds?: number;
}

/** One refused call. `code` is the HTTP status, `reason` the machine-readable word (NotFound, Conflict...). */
export class ApiError extends Error {
  readonly code: number;
  readonly reason: string;
  readonly details: StatusDetails | undefined;

  constructor(code: number, reason: string, message: string, details?: StatusDetails) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.reason = reason;
    this.details = details;
  }

  /** The body that goes over the wire. */
  toStatus(): Record<string, unknown> {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: this.message,
      reason: this.reason,
      ...(this.details ? { details: this.details } : {}),
      code: this.code,
    };
  }
}

/** `deployments.apps`, or `pods` for the core group: how messages name a resource. */
function qualified(resource: string, group: string): string {
  return group === '' ? resource : `${resource}.${group}`;
}

interface Named {
  resource: string;
  group: string;
}

const about = (type: Named, name: string): StatusDetails => ({
  name,
  ...(type.group === '' ? {} : { group: type.group }),
  kind: type.resource,
});

export function notFound(type: Named, name: string): ApiError {
  return new ApiError(
    404,
    'NotFound',
    `${qualified(type.resource, type.group)} "${name}" not found`,
    about(type, name),
  );
}

export function alreadyExists(type: Named, name: string): ApiError {
  const message = `${qualified(type.resource, type.group)} "${name}" already exists`;
  return new ApiError(409, 'AlreadyExists', message, about(type, name));
}

export function conflict(type: Named, name: string, why?: string): ApiError {
  const reason = why ?? 'the object has been modified; please apply your changes to the latest version and try again';
  const message = `Operation cannot be fulfilled on ${qualified(type.resource, type.group)} "${name}": ${reason}`;
  return new ApiError(409, 'Conflict', message, about(type, name));
}

export function forbidden(type: Named, name: string, why: string): ApiError {
  const target = name === '' ? '' : ` "${name}"`;
  const message = `${qualified(type.resource, type.group)}${target} is forbidden: ${why}`;
  return new ApiError(403, 'Forbidden', message, about(type, name));
}

export function badRequest(message: string): ApiError {
  return new ApiError(400, 'BadRequest', message);
}

/** One thing wrong with an object, at a field path. */
export interface FieldError {
  /** FieldValueRequired, FieldValueInvalid, FieldValueForbidden, FieldValueNotSupported, FieldValueDuplicate... */
  reason: string;
  field: string;
  message: string;
}

/** 422 for an object of `kind` (with `group`, for the message) that breaks rules at the given fields. */
export function invalid(kind: string, group: string, name: string, errors: FieldError[]): ApiError {
  const lines = errors.map((error) => `${error.field}: ${error.message}`);
  const text = lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`;
  const message = `${qualified(kind, group)} "${name}" is invalid: ${text}`;
  const causes = errors.map((error) => ({ reason: error.reason, message: error.message, field: error.field }));
  return new ApiError(422, 'Invalid', message, {
    ...(name === '' ? {} : { name }),
    ...(group === '' ? {} : { group }),
    kind,
    causes,
  });
}
