/**
 * What several kinds share, and what only subresources take: metadata, references, scale, eviction. One line of field
 * names and types per type, in the notation that schema.ts explains; the names and types are those of Kubernetes 1.34.
 */
export const sharedSchema = `
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
package io.k8s.api.core.v1 as core
Binding
  apiVersion:string kind:string metadata#1:meta/ObjectMeta target!#2:ObjectReference
ObjectReference (atomic)
  apiVersion#5:string fieldPath#7:string kind#1:string name#3:string namespace#2:string resourceVersion#6:string
  uid#4:string
package io.k8s.api.autoscaling.v1 as scale
Scale
  apiVersion:string kind:string metadata#1:meta/ObjectMeta spec#2:ScaleSpec status#3:ScaleStatus
ScaleSpec
  replicas#1:int
ScaleStatus
  replicas!#1:int selector#2:string
package io.k8s.api.policy.v1 as policy
Eviction
  apiVersion:string deleteOptions#2:meta/DeleteOptions kind:string metadata#1:meta/ObjectMeta
`;
