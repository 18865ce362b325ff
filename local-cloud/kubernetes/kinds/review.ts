/** What `kubectl auth` asks about itself: answered, never stored. */
import { defineKind } from './kind.ts';

const shared = { namespaced: false, stored: false };
const AUTHORIZATION = 'authorization.k8s.io';

export const selfSubjectAccessReview = defineKind({
  ...shared,
  group: AUTHORIZATION,
  kind: 'SelfSubjectAccessReview',
  resource: 'selfsubjectaccessreviews',
});

export const selfSubjectRulesReview = defineKind({
  ...shared,
  group: AUTHORIZATION,
  kind: 'SelfSubjectRulesReview',
  resource: 'selfsubjectrulesreviews',
});

export const selfSubjectReview = defineKind({
  ...shared,
  group: 'authentication.k8s.io',
  kind: 'SelfSubjectReview',
  resource: 'selfsubjectreviews',
});
