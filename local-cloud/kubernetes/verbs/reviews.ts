/** Reviews of the caller's own rights. Whoever has the token may do everything here, so every review says yes. */
import { readObject, type Answer, type Call } from '../wire/call.ts';
import type { Plain } from '../object.ts';
import { apiVersionOf } from '../kinds/kind.ts';
import { timestamp } from '../store/metadata.ts';

export async function reviewSelf(call: Call): Promise<Answer> {
  const { type } = call.request;
  const body = (await readObject(call.http)) ?? {};
  const metadata = {
    creationTimestamp: type.kind === 'SelfSubjectReview' ? timestamp(call.context.clock.nowMs()) : null,
  };
  const head = { kind: type.kind, apiVersion: apiVersionOf(type), metadata };
  return { is: 'plain', code: 201, body: { ...head, ...resultOf(type.kind, body) } };
}

function resultOf(kind: string, body: Plain): Record<string, unknown> {
  if (kind === 'SelfSubjectReview')
    return { status: { userInfo: { username: 'admin', groups: ['system:masters', 'system:authenticated'] } } };
  const spec = body['spec'] ?? {};
  if (kind === 'SelfSubjectAccessReview')
    return { spec, status: { allowed: true, reason: 'the local cloud has no authorization' } };
  const resourceRules = [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }];
  const nonResourceRules = [{ verbs: ['*'], nonResourceURLs: ['*'] }];
  return { spec, status: { resourceRules, nonResourceRules, incomplete: false } };
}
