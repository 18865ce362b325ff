/**
 * Deployments, jobs and the like, their scale and their disruption budgets. One line of field names and types per
 * kind, in the notation that schema.ts explains; the names and types are those of Kubernetes 1.34.
 */
export const workloadSchema = `
package io.k8s.api.apps.v1 as apps
DaemonSet
  apiVersion:string kind:string metadata#1:meta/ObjectMeta spec#2:DaemonSetSpec status#3:DaemonSetStatus
DaemonSetCondition
  lastTransitionTime#3:time message#5:string reason#4:string status!#2:string type!#1:string
DaemonSetSpec
  minReadySeconds#4:int revisionHistoryLimit*#6:int selector!#1:meta/LabelSelector template!#2:core/PodTemplateSpec
  updateStrategy#3:DaemonSetUpdateStrategy
DaemonSetStatus
  collisionCount*#9:int conditions#10:[DaemonSetCondition|map=type|merge=type] currentNumberScheduled!#1:int
  desiredNumberScheduled!#3:int numberAvailable#7:int numberMisscheduled!#2:int numberReady!#4:int
  numberUnavailable#8:int observedGeneration#5:long updatedNumberScheduled#6:int
DaemonSetUpdateStrategy
  rollingUpdate#2:RollingUpdateDaemonSet type#1:string
Deployment
  apiVersion:string kind:string metadata#1:meta/ObjectMeta spec#2:DeploymentSpec status#3:DeploymentStatus
DeploymentCondition
  lastTransitionTime#7:time lastUpdateTime#6:time message#5:string reason#4:string status!#2:string type!#1:string
DeploymentSpec
  minReadySeconds#5:int paused#7:bool progressDeadlineSeconds*#9:int replicas*#1:int revisionHistoryLimit*#6:int
  selector!#2:meta/LabelSelector strategy#4:DeploymentStrategy~retainKeys template!#3:core/PodTemplateSpec
DeploymentStatus
  availableReplicas#4:int collisionCount*#8:int conditions#6:[DeploymentCondition|map=type|merge=type]
  observedGeneration#1:long readyReplicas#7:int replicas#2:int terminatingReplicas*#9:int unavailableReplicas#5:int
  updatedReplicas#3:int
DeploymentStrategy
  rollingUpdate#2:RollingUpdateDeployment type#1:string
ReplicaSet
  apiVersion:string kind:string metadata#1:meta/ObjectMeta spec#2:ReplicaSetSpec status#3:ReplicaSetStatus
ReplicaSetCondition
  lastTransitionTime#3:time message#5:string reason#4:string status!#2:string type!#1:string
ReplicaSetSpec
  minReadySeconds#4:int replicas*#1:int selector!#2:meta/LabelSelector template#3:core/PodTemplateSpec
ReplicaSetStatus
  availableReplicas#5:int conditions#6:[ReplicaSetCondition|map=type|merge=type] fullyLabeledReplicas#2:int
  observedGeneration#3:long readyReplicas#4:int replicas!#1:int terminatingReplicas*#7:int
RollingUpdateDaemonSet
  maxSurge#2:intstr maxUnavailable#1:intstr
RollingUpdateDeployment
  maxSurge#2:intstr maxUnavailable#1:intstr
package io.k8s.api.batch.v1 as batch
Job
  apiVersion:string kind:string metadata#1:meta/ObjectMeta spec#2:JobSpec status#3:JobStatus
JobCondition
  lastProbeTime#3:time lastTransitionTime#4:time message#6:string reason#5:string status!#2:string type!#1:string
JobSpec
  activeDeadlineSeconds*#3:long backoffLimit*#7:int backoffLimitPerIndex*#12:int completionMode*#9:string
  completions*#2:int managedBy*#15:string manualSelector*#5:bool maxFailedIndexes*#13:int parallelism*#1:int
  podFailurePolicy#11:PodFailurePolicy podReplacementPolicy*#14:string selector#4:meta/LabelSelector
  successPolicy#16:SuccessPolicy suspend*#10:bool template!#6:core/PodTemplateSpec ttlSecondsAfterFinished*#8:int
JobStatus
  active#4:int completedIndexes#7:string completionTime#3:time conditions#1:[JobCondition|atomic|merge=type]
  failed#6:int failedIndexes*#10:string ready*#9:int startTime#2:time succeeded#5:int terminating*#11:int
  uncountedTerminatedPods#8:UncountedTerminatedPods
PodFailurePolicy
  rules!#1:[PodFailurePolicyRule|atomic]
PodFailurePolicyOnExitCodesRequirement
  containerName*#1:string operator!#2:string values!#3:[int|set]
PodFailurePolicyOnPodConditionsPattern
  status!#2:string type!#1:string
PodFailurePolicyRule
  action!#1:string onExitCodes#2:PodFailurePolicyOnExitCodesRequirement
  onPodConditions#3:[PodFailurePolicyOnPodConditionsPattern|atomic]
SuccessPolicy
  rules!#1:[SuccessPolicyRule|atomic]
SuccessPolicyRule
  succeededCount*#2:int succeededIndexes*#1:string
UncountedTerminatedPods
  failed#2:[string|set] succeeded#1:[string|set]
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
PodDisruptionBudget
  apiVersion:string kind:string metadata#1:meta/ObjectMeta spec#2:PodDisruptionBudgetSpec
  status#3:PodDisruptionBudgetStatus
PodDisruptionBudgetSpec
  maxUnavailable#3:intstr minAvailable#1:intstr selector#2:meta/LabelSelector~replace
  unhealthyPodEvictionPolicy*#4:string
PodDisruptionBudgetStatus
  conditions#7:[meta/Condition|map=type|merge=type] currentHealthy!#4:int desiredHealthy!#5:int disruptedPods#2:{time}
  disruptionsAllowed!#3:int expectedPods!#6:int observedGeneration#1:long
`;
