/** Refusals on the wire. */
import type { FaultRule } from '../../faults.ts';
import { ApiError } from '../semantics/api-error.ts';
import type { Dialect, Reply } from './call.ts';
import { xmlElements } from './xml-api.ts';

const REASONS: Record<number, [reason: string, xmlCode: string, message: string]> = {
  401: ['required', 'AuthenticationRequired', 'Login Required.'],
  403: ['forbidden', 'AccessDenied', 'Access denied.'],
  404: ['notFound', 'NoSuchKey', 'Not Found'],
  408: ['requestTimeout', 'RequestTimeout', 'Request timeout.'],
  412: ['conditionNotMet', 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold.'],
  429: [
    'rateLimitExceeded',
    'SlowDown',
    'The rate of requests exceeds the rate limit. Please reduce your request rate.',
  ],
  500: ['internalError', 'InternalError', 'We encountered an internal error. Please try again.'],
  503: ['backendError', 'ServiceUnavailable', 'Backend Error'],
};

export function errorReply(error: ApiError, dialect: Dialect): Reply {
  if (error.status === 304) return { status: 304 };
  switch (dialect) {
    case 'text':
      return { status: error.status, headers: { 'content-type': 'text/html; charset=UTF-8' }, body: error.message };
    case 'xml':
      return {
        status: error.status,
        headers: { 'content-type': 'application/xml; charset=UTF-8' },
        body: `<?xml version='1.0' encoding='UTF-8'?><Error>${xmlElements({
          Code: error.xmlCode,
          Message: error.message,
          ...(error.details === undefined ? {} : { Details: error.details }),
        })}</Error>`,
      };
    case 'json':
      return jsonError(error);
  }
}

function jsonError(error: ApiError): Reply {
  const { status, reason, message, place } = error;
  const body = { error: { code: status, message, errors: [{ message, domain: 'global', reason, ...place }] } };
  return { status, headers: { 'content-type': 'application/json; charset=UTF-8' }, body: JSON.stringify(body) };
}

/** `quota` is 429 and everything without a status 503, the two that clients are to retry. */
export function faultReply(rule: FaultRule, dialect: Dialect): Reply {
  const status = rule.status ?? (rule.effect === 'quota' ? 429 : 503);
  const [reason, xmlCode, message] = REASONS[status] ?? ['backendError', 'InternalError', 'Injected fault'];
  return errorReply(new ApiError(status, rule.reason ?? reason, message, { xmlCode }), dialect);
}
