/** What `kubectl auth` asks about itself: answered, never stored. */
import { defineKind } from './kind.ts';

const shared = { namespaced: false, stored: false };
const AUTHORIZATION = 'authorization.k8s.io';

export const selfSubjectAccessReview = defineKind({
  ...shared,
  group: AUTHORIZATION,
  kind: 'SelfSubjectAccessReview',
  resource: 'selfsubjectaccessreviews',
  fields: `
FieldSelectorAttributes
  rawSelector#1:string requirements#2:[meta/FieldSelectorRequirement|atomic]
LabelSelectorAttributes
  rawSelector#1:string requirements#2:[meta/LabelSelectorRequirement|atomic]
NonResourceAttributes
  path#1:string verb#2:string
ResourceAttributes
  fieldSelector#8:FieldSelectorAttributes group#3:string labelSelector#9:LabelSelectorAttributes name#7:string
  namespace#1:string resource#5:string subresource#6:string verb#2:string version#4:string
SelfSubjectAccessReview
  apiVersion:string kind:string metadata#1:meta/ObjectMeta spec!#2:SelfSubjectAccessReviewSpec
  status#3:SubjectAccessReviewStatus
SelfSubjectAccessReviewSpec
  nonResourceAttributes#2:NonResourceAttributes resourceAttributes#1:ResourceAttributes
SubjectAccessReviewStatus
  allowed!#1:bool denied#4:bool evaluationError#3:string reason#2:string`,
});

export const selfSubjectRulesReview = defineKind({
  ...shared,
  group: AUTHORIZATION,
  kind: 'SelfSubjectRulesReview',
  resource: 'selfsubjectrulesreviews',
  fields: `
NonResourceRule
  nonResourceURLs#2:[string|atomic] verbs!#1:[string|atomic]
ResourceRule
  apiGroups#2:[string|atomic] resourceNames#4:[string|atomic] resources#3:[string|atomic] verbs!#1:[string|atomic]
SelfSubjectRulesReview
  apiVersion:string kind:string metadata#1:meta/ObjectMeta spec!#2:SelfSubjectRulesReviewSpec
  status#3:SubjectRulesReviewStatus
SelfSubjectRulesReviewSpec
  namespace#1:string
SubjectRulesReviewStatus
  evaluationError#4:string incomplete!#3:bool nonResourceRules!#2:[NonResourceRule|atomic]
  resourceRules!#1:[ResourceRule|atomic]`,
});

export const selfSubjectReview = defineKind({
  ...shared,
  group: 'authentication.k8s.io',
  kind: 'SelfSubjectReview',
  resource: 'selfsubjectreviews',
  fields: `
SelfSubjectReview
  apiVersion:string kind:string metadata#1:meta/ObjectMeta status#2:SelfSubjectReviewStatus
SelfSubjectReviewStatus
  userInfo#1:UserInfo
UserInfo
  extra#4:{[string]} groups#3:[string|atomic] uid#2:string username#1:string`,
});
