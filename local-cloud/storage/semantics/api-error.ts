/** Refusals of the storage service, in its own vocabulary. Each protocol (JSON, XML) words them in its own format. */

export interface ErrorPlace {
  location: string;
  locationType: 'header' | 'parameter';
}

export class ApiError extends Error {
  readonly status: number;
  /** Machine-readable reason of the JSON API, for example `conditionNotMet`. */
  readonly reason: string;
  /** Error code of the XML API, for example `PreconditionFailed`. */
  readonly xmlCode: string;
  readonly place: ErrorPlace | undefined;
  /** Further words that only the XML API carries. */
  readonly details: string | undefined;

  constructor(
    status: number,
    reason: string,
    message: string,
    extra: { xmlCode?: string; place?: ErrorPlace; details?: string } = {},
  ) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.xmlCode = extra.xmlCode ?? reason;
    this.place = extra.place;
    this.details = extra.details;
  }
}

export function noSuchBucket(): ApiError {
  return new ApiError(404, 'notFound', 'The specified bucket does not exist.', { xmlCode: 'NoSuchBucket' });
}

export function noSuchObject(bucket: string, name: string): ApiError {
  return new ApiError(404, 'notFound', `No such object: ${bucket}/${name}`, {
    xmlCode: 'NoSuchKey',
    details: `No such object: ${bucket}/${name}`,
  });
}

export function conditionNotMet(): ApiError {
  return new ApiError(412, 'conditionNotMet', 'At least one of the pre-conditions you specified did not hold.', {
    xmlCode: 'PreconditionFailed',
    place: { location: 'If-Match', locationType: 'header' },
  });
}

export function invalid(message: string, reason = 'invalid'): ApiError {
  return new ApiError(400, reason, message, { xmlCode: 'InvalidArgument', details: message });
}

export function required(message: string): ApiError {
  return new ApiError(400, 'required', message, { xmlCode: 'InvalidArgument' });
}

/** Cloud Storage has no full disk; this is the refusal of it that clients try again, and go on after. */
export function diskFull(): ApiError {
  const message = 'disk full: the local cloud has no room for this; make room, and it goes on by itself';
  return new ApiError(429, 'rateLimitExceeded', message, { xmlCode: 'SlowDown' });
}
