/** Policy documents of signed form uploads: does the form do only what was signed? */
import * as z from 'zod';
import { parseJsonIfWhole } from '../../read-json.ts';
import { ApiError } from '../semantics/api-error.ts';
import { ALGORITHM, expired, readCredential, signatureMismatch, type VerifySignature } from './signed-url.ts';

const condition = z.union([z.tuple([z.unknown()], z.unknown()), z.record(z.string(), z.unknown())]);
type Condition = z.infer<typeof condition>;
const policyDocument = z.object({ conditions: z.array(condition), expiration: z.string() });

export interface Policy {
  /** Limits on the file, when the policy has them. */
  minBytes: number;
  maxBytes: number;
  /** The bucket that the policy names. */
  bucket: string | undefined;
}

/** Fields that need no condition: they carry the policy itself, or are ignored. */
const FREE = new Set(['policy', 'x-goog-signature', 'file', 'bucket']);

/** Refuses the form (fields in lower case, the file apart) unless its signed policy covers it. */
export function checkPolicy(fields: Map<string, string>, nowMs: number, verify: VerifySignature | undefined): Policy {
  const encoded = fields.get('policy');
  if (encoded === undefined) throw denied('Missing field: policy');
  checkSignature(fields, encoded, verify);
  const { conditions, expiration } = parse(encoded);
  const endMs = Date.parse(expiration);
  if (!Number.isFinite(endMs)) throw invalidDocument('Invalid policy expiration.');
  if (nowMs > endMs) throw expired(`Policy expired at: ${new Date(endMs).toISOString()}`);
  const covered = new Set<string>();
  const policy: Policy = { minBytes: 0, maxBytes: Infinity, bucket: undefined };
  for (const condition of conditions) applyCondition(condition, fields, policy, covered);
  for (const name of fields.keys()) {
    if (!covered.has(name) && !FREE.has(name) && !name.startsWith('x-ignore-')) {
      throw denied(`Policy did not reference these fields: ${name}`);
    }
  }
  return policy;
}

function checkSignature(fields: Map<string, string>, encoded: string, verify: VerifySignature | undefined): void {
  if (fields.get('x-goog-algorithm') !== ALGORITHM) throw invalidDocument('Invalid field: x-goog-algorithm');
  const { email } = readCredential(fields.get('x-goog-credential'), 'x-goog-credential');
  const signature = Buffer.from(fields.get('x-goog-signature') ?? '', 'hex');
  const signed = Buffer.from(encoded);
  if (verify && !verify(email, signed, signature)) throw signatureMismatch(signed);
}

function parse(encoded: string): z.infer<typeof policyDocument> {
  const document = parseJsonIfWhole(Buffer.from(encoded, 'base64').toString('utf8'), policyDocument);
  if (document === undefined) throw invalidDocument('The policy document is not valid.');
  return document;
}

function applyCondition(condition: Condition, fields: Map<string, string>, policy: Policy, covered: Set<string>): void {
  if (!Array.isArray(condition)) {
    for (const [name, value] of Object.entries(condition))
      requireField('eq', name, String(value), fields, policy, covered);
    return;
  }
  const [operator, first, second] = condition;
  switch (String(operator).toLowerCase()) {
    case 'content-length-range':
      policy.minBytes = Math.max(policy.minBytes, Number(first));
      policy.maxBytes = Math.min(policy.maxBytes, Number(second));
      break;
    case 'eq':
    case 'starts-with':
      requireField(
        String(operator).toLowerCase(),
        String(first).replace(/^\$/, ''),
        String(second),
        fields,
        policy,
        covered,
      );
      break;
    default:
      throw invalidDocument(`Unknown condition: ${String(operator)}`);
  }
}

function requireField(
  operator: string,
  field: string,
  expected: string,
  fields: Map<string, string>,
  policy: Policy,
  covered: Set<string>,
): void {
  const name = field.toLowerCase();
  covered.add(name);
  // The bucket is part of the address, not necessarily of the form; the caller compares it.
  if (name === 'bucket') policy.bucket = expected;
  else {
    const value = fields.get(name) ?? '';
    const holds = operator === 'eq' ? value === expected : value.startsWith(expected);
    if (!holds) throw denied(`Policy condition failed: ["${operator}", "$${field}", "${expected}"]`);
  }
}

export function denied(details: string): ApiError {
  return new ApiError(403, 'forbidden', 'Access denied.', { xmlCode: 'AccessDenied', details });
}

function invalidDocument(details: string): ApiError {
  return new ApiError(
    400,
    'invalid',
    'The content of the form does not meet the conditions specified in the policy document.',
    {
      xmlCode: 'InvalidPolicyDocument',
      details,
    },
  );
}
