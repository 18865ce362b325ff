/**
 * Metadata, and the small groups: network policies, endpoint slices, leases, priorities, roles,
 * reviews. One line of field names and types per kind, in the notation that schema.ts explains; the
 * names and types are those of Kubernetes 1.34.
 */
export const otherSchema = `
package io.k8s.apimachinery.pkg.apis.meta.v1 as meta
Condition
  lastTransitionTime!#4:time message!#6:string observedGeneration#3:long reason!#5:string status!#2:string
  type!#1:string
DeleteOptions
  apiVersion:string dryRun#5:[string|atomic] gracePeriodSeconds*#1:long
  ignoreStoreReadErrorWithClusterBreakingPotential*#6:bool kind:string orphanDependents*#3:bool
  preconditions#2:Preconditions propagationPolicy*#4:string
FieldSelectorRequirement
  key!#1:string operator!#2:string values#3:[string|atomic]
LabelSelector (atomic)
  matchExpressions#2:[LabelSelectorRequirement|atomic] matchLabels#1:{string}
LabelSelectorRequirement
  key!#1:string operator!#2:string values#3:[string|atomic]
ListMeta
  continue#3:string remainingItemCount*#4:long resourceVersion#2:string selfLink#1:string
ManagedFieldsEntry
  apiVersion#3:string fieldsType#6:string fieldsV1#7:any manager#1:string operation#2:string subresource#8:string
  time#4:time
ObjectMeta
  annotations#12:{string} creationTimestamp#8:time deletionGracePeriodSeconds*#10:long deletionTimestamp#9:time
  finalizers#14:[string|set|merge] generateName#2:string generation#7:long labels#11:{string}
  managedFields#17:[ManagedFieldsEntry|atomic] name#1:string namespace#3:string
  ownerReferences#13:[OwnerReference|map=uid|merge=uid] resourceVersion#6:string selfLink#4:string uid#5:string
OwnerReference (atomic)
  apiVersion!#5:string blockOwnerDeletion*#7:bool controller*#6:bool kind!#1:string name!#3:string uid!#4:string
Preconditions
  resourceVersion*#2:string uid*#1:string
Status
  apiVersion:string code#6:int details#5:StatusDetails kind:string message#3:string metadata#1:ListMeta
  reason#4:string status#2:string
StatusCause
  field#3:string message#2:string reason#1:string
StatusDetails
  causes#4:[StatusCause|atomic] group#2:string kind#3:string name#1:string retryAfterSeconds#5:int uid#6:string
package io.k8s.api.networking.v1 as networking
IPBlock
  cidr!#1:string except#2:[string|atomic]
NetworkPolicy
  apiVersion:string kind:string metadata#1:meta/ObjectMeta spec#2:NetworkPolicySpec
NetworkPolicyEgressRule
  ports#1:[NetworkPolicyPort|atomic] to#2:[NetworkPolicyPeer|atomic]
NetworkPolicyIngressRule
  from#2:[NetworkPolicyPeer|atomic] ports#1:[NetworkPolicyPort|atomic]
NetworkPolicyPeer
  ipBlock#3:IPBlock namespaceSelector#2:meta/LabelSelector podSelector#1:meta/LabelSelector
NetworkPolicyPort
  endPort*#3:int port#2:intstr protocol*#1:string
NetworkPolicySpec
  egress#3:[NetworkPolicyEgressRule|atomic] ingress#2:[NetworkPolicyIngressRule|atomic]
  podSelector#1:meta/LabelSelector policyTypes#4:[string|atomic]
package io.k8s.api.discovery.v1 as discovery
Endpoint
  addresses!#1:[string|set] conditions#2:EndpointConditions deprecatedTopology#5:{string} hints#8:EndpointHints
  hostname*#3:string nodeName*#6:string targetRef#4:core/ObjectReference zone*#7:string
EndpointConditions
  ready*#1:bool serving*#2:bool terminating*#3:bool
EndpointHints
  forNodes#2:[ForNode|atomic] forZones#1:[ForZone|atomic]
EndpointPort (atomic)
  appProtocol*#4:string name*#1:string port*#3:int protocol*#2:string
EndpointSlice
  addressType!#4:string apiVersion:string endpoints!#2:[Endpoint|atomic] kind:string metadata#1:meta/ObjectMeta
  ports#3:[EndpointPort|atomic]
ForNode
  name!#1:string
ForZone
  name!#1:string
package io.k8s.api.coordination.v1 as coordination
Lease
  apiVersion:string kind:string metadata#1:meta/ObjectMeta spec#2:LeaseSpec
LeaseSpec
  acquireTime#3:microtime holderIdentity*#1:string leaseDurationSeconds*#2:int leaseTransitions*#5:int
  preferredHolder*#7:string renewTime#4:microtime strategy*#6:string
package io.k8s.api.scheduling.v1 as scheduling
PriorityClass
  apiVersion:string description#4:string globalDefault#3:bool kind:string metadata#1:meta/ObjectMeta
  preemptionPolicy*#5:string value!#2:int
package io.k8s.api.rbac.v1 as rbac
AggregationRule
  clusterRoleSelectors#1:[meta/LabelSelector|atomic]
ClusterRole
  aggregationRule#3:AggregationRule apiVersion:string kind:string metadata#1:meta/ObjectMeta
  rules#2:[PolicyRule|atomic]
ClusterRoleBinding
  apiVersion:string kind:string metadata#1:meta/ObjectMeta roleRef!#3:RoleRef subjects#2:[Subject|atomic]
PolicyRule
  apiGroups#2:[string|atomic] nonResourceURLs#5:[string|atomic] resourceNames#4:[string|atomic]
  resources#3:[string|atomic] verbs!#1:[string|atomic]
Role
  apiVersion:string kind:string metadata#1:meta/ObjectMeta rules#2:[PolicyRule|atomic]
RoleBinding
  apiVersion:string kind:string metadata#1:meta/ObjectMeta roleRef!#3:RoleRef subjects#2:[Subject|atomic]
RoleRef (atomic)
  apiGroup!#1:string kind!#2:string name!#3:string
Subject (atomic)
  apiGroup#2:string kind!#1:string name!#3:string namespace#4:string
package io.k8s.api.authorization.v1 as authorization
FieldSelectorAttributes
  rawSelector#1:string requirements#2:[meta/FieldSelectorRequirement|atomic]
LabelSelectorAttributes
  rawSelector#1:string requirements#2:[meta/LabelSelectorRequirement|atomic]
NonResourceAttributes
  path#1:string verb#2:string
NonResourceRule
  nonResourceURLs#2:[string|atomic] verbs!#1:[string|atomic]
ResourceAttributes
  fieldSelector#8:FieldSelectorAttributes group#3:string labelSelector#9:LabelSelectorAttributes name#7:string
  namespace#1:string resource#5:string subresource#6:string verb#2:string version#4:string
ResourceRule
  apiGroups#2:[string|atomic] resourceNames#4:[string|atomic] resources#3:[string|atomic] verbs!#1:[string|atomic]
SelfSubjectAccessReview
  apiVersion:string kind:string metadata#1:meta/ObjectMeta spec!#2:SelfSubjectAccessReviewSpec
  status#3:SubjectAccessReviewStatus
SelfSubjectAccessReviewSpec
  nonResourceAttributes#2:NonResourceAttributes resourceAttributes#1:ResourceAttributes
SelfSubjectRulesReview
  apiVersion:string kind:string metadata#1:meta/ObjectMeta spec!#2:SelfSubjectRulesReviewSpec
  status#3:SubjectRulesReviewStatus
SelfSubjectRulesReviewSpec
  namespace#1:string
SubjectAccessReviewStatus
  allowed!#1:bool denied#4:bool evaluationError#3:string reason#2:string
SubjectRulesReviewStatus
  evaluationError#4:string incomplete!#3:bool nonResourceRules!#2:[NonResourceRule|atomic]
  resourceRules!#1:[ResourceRule|atomic]
package io.k8s.api.authentication.v1 as authentication
SelfSubjectReview
  apiVersion:string kind:string metadata#1:meta/ObjectMeta status#2:SelfSubjectReviewStatus
SelfSubjectReviewStatus
  userInfo#1:UserInfo
UserInfo
  extra#4:{[string]} groups#3:[string|atomic] uid#2:string username#1:string
`;
