/**
 * The core group apart from pods: nodes, services, configuration, events... One line of field names and types per kind,
 * in the notation that schema.ts explains; the names and types are those of Kubernetes 1.34.
 */
export const coreSchema = `
package io.k8s.api.core.v1 as core
AttachedVolume
  devicePath!#2:string name!#1:string
Binding
  apiVersion:string kind:string metadata#1:meta/ObjectMeta target!#2:ObjectReference
ClientIPConfig
  timeoutSeconds*#1:int
ConfigMap
  apiVersion:string binaryData#3:{bytes} data#2:{string} immutable*#4:bool kind:string metadata#1:meta/ObjectMeta
ConfigMapNodeConfigSource
  kubeletConfigKey!#5:string name!#2:string namespace!#1:string resourceVersion#4:string uid#3:string
ContainerImage
  names#1:[string|atomic] sizeBytes#2:long
DaemonEndpoint
  Port!#1:int
EndpointAddress (atomic)
  hostname#3:string ip!#1:string nodeName*#4:string targetRef#2:ObjectReference
EndpointPort (atomic)
  appProtocol*#4:string name#1:string port!#2:int protocol#3:string
EndpointSubset
  addresses#1:[EndpointAddress|atomic] notReadyAddresses#2:[EndpointAddress|atomic] ports#3:[EndpointPort|atomic]
Endpoints
  apiVersion:string kind:string metadata#1:meta/ObjectMeta subsets#2:[EndpointSubset|atomic]
Event
  action#12:string apiVersion:string count#8:int eventTime#10:microtime firstTimestamp#6:time
  involvedObject!#2:ObjectReference kind:string lastTimestamp#7:time message#4:string metadata!#1:meta/ObjectMeta
  reason#3:string related#13:ObjectReference reportingComponent#14:string reportingInstance#15:string
  series#11:EventSeries source#5:EventSource type#9:string
EventSeries
  count#1:int lastObservedTime#2:microtime
EventSource
  component#1:string host#2:string
LoadBalancerIngress
  hostname#2:string ip#1:string ipMode*#3:string ports#4:[PortStatus|atomic]
LoadBalancerStatus
  ingress#1:[LoadBalancerIngress|atomic]
ModifyVolumeStatus
  status!#2:string targetVolumeAttributesClassName#1:string
Namespace
  apiVersion:string kind:string metadata#1:meta/ObjectMeta spec#2:NamespaceSpec status#3:NamespaceStatus
NamespaceCondition
  lastTransitionTime#4:time message#6:string reason#5:string status!#2:string type!#1:string
NamespaceSpec
  finalizers#1:[string|atomic]
NamespaceStatus
  conditions#2:[NamespaceCondition|map=type|merge=type] phase#1:string
Node
  apiVersion:string kind:string metadata#1:meta/ObjectMeta spec#2:NodeSpec status#3:NodeStatus
NodeAddress
  address!#2:string type!#1:string
NodeCondition
  lastHeartbeatTime#3:time lastTransitionTime#4:time message#6:string reason#5:string status!#2:string type!#1:string
NodeConfigSource
  configMap#2:ConfigMapNodeConfigSource
NodeConfigStatus
  active#2:NodeConfigSource assigned#1:NodeConfigSource error#4:string lastKnownGood#3:NodeConfigSource
NodeDaemonEndpoints
  kubeletEndpoint#1:DaemonEndpoint
NodeFeatures
  supplementalGroupsPolicy*#1:bool
NodeRuntimeHandler
  features#2:NodeRuntimeHandlerFeatures name#1:string
NodeRuntimeHandlerFeatures
  recursiveReadOnlyMounts*#1:bool userNamespaces*#2:bool
NodeSpec
  configSource#6:NodeConfigSource externalID#2:string podCIDR#1:string podCIDRs#7:[string|set|merge]
  providerID#3:string taints#5:[Taint|atomic] unschedulable#4:bool
NodeStatus
  addresses#5:[NodeAddress|map=type|merge=type] allocatable#2:{quantity} capacity#1:{quantity}
  conditions#4:[NodeCondition|map=type|merge=type] config#11:NodeConfigStatus daemonEndpoints#6:NodeDaemonEndpoints
  features#13:NodeFeatures images#8:[ContainerImage|atomic] nodeInfo#7:NodeSystemInfo phase#3:string
  runtimeHandlers#12:[NodeRuntimeHandler|atomic] volumesAttached#10:[AttachedVolume|atomic]
  volumesInUse#9:[string|atomic]
NodeSwapStatus
  capacity*#1:long
NodeSystemInfo
  architecture!#10:string bootID!#3:string containerRuntimeVersion!#6:string kernelVersion!#4:string
  kubeProxyVersion!#8:string kubeletVersion!#7:string machineID!#1:string operatingSystem!#9:string osImage!#5:string
  swap#11:NodeSwapStatus systemUUID!#2:string
ObjectReference (atomic)
  apiVersion#5:string fieldPath#7:string kind#1:string name#3:string namespace#2:string resourceVersion#6:string
  uid#4:string
PersistentVolumeClaim
  apiVersion:string kind:string metadata#1:meta/ObjectMeta spec#2:PersistentVolumeClaimSpec
  status#3:PersistentVolumeClaimStatus
PersistentVolumeClaimCondition
  lastProbeTime#3:time lastTransitionTime#4:time message#6:string reason#5:string status!#2:string type!#1:string
PersistentVolumeClaimStatus
  accessModes#2:[string|atomic] allocatedResourceStatuses#7:{string} allocatedResources#5:{quantity}
  capacity#3:{quantity} conditions#4:[PersistentVolumeClaimCondition|map=type|merge=type]
  currentVolumeAttributesClassName*#8:string modifyVolumeStatus#9:ModifyVolumeStatus phase#1:string
PortStatus
  error*#3:string port!#1:int protocol!#2:string
ReplicationController
  apiVersion:string kind:string metadata#1:meta/ObjectMeta spec#2:ReplicationControllerSpec
  status#3:ReplicationControllerStatus
ReplicationControllerCondition
  lastTransitionTime#3:time message#5:string reason#4:string status!#2:string type!#1:string
ReplicationControllerSpec
  minReadySeconds#4:int replicas*#1:int selector#2:{string|atomic} template#3:PodTemplateSpec
ReplicationControllerStatus
  availableReplicas#5:int conditions#6:[ReplicationControllerCondition|map=type|merge=type] fullyLabeledReplicas#2:int
  observedGeneration#3:long readyReplicas#4:int replicas!#1:int
Secret
  apiVersion:string data#2:{bytes} immutable*#5:bool kind:string metadata#1:meta/ObjectMeta stringData#4:{string}
  type#3:string
Service
  apiVersion:string kind:string metadata#1:meta/ObjectMeta spec#2:ServiceSpec status#3:ServiceStatus
ServiceAccount
  apiVersion:string automountServiceAccountToken*#4:bool imagePullSecrets#3:[LocalObjectReference|atomic] kind:string
  metadata#1:meta/ObjectMeta secrets#2:[ObjectReference|map=name|merge=name]
ServicePort
  appProtocol*#6:string name#1:string nodePort#5:int port!#3:int protocol#2:string targetPort#4:intstr
ServiceSpec
  allocateLoadBalancerNodePorts*#20:bool clusterIP#3:string clusterIPs#18:[string|atomic]
  externalIPs#5:[string|atomic] externalName#10:string externalTrafficPolicy#11:string healthCheckNodePort#12:int
  internalTrafficPolicy*#22:string ipFamilies#19:[string|atomic] ipFamilyPolicy*#17:string
  loadBalancerClass*#21:string loadBalancerIP#8:string loadBalancerSourceRanges#9:[string|atomic]
  ports#1:[ServicePort|map=port+protocol|merge=port] publishNotReadyAddresses#13:bool selector#2:{string|atomic}
  sessionAffinity#7:string sessionAffinityConfig#14:SessionAffinityConfig trafficDistribution*#23:string type#4:string
ServiceStatus
  conditions#2:[meta/Condition|map=type|merge=type] loadBalancer#1:LoadBalancerStatus
SessionAffinityConfig
  clientIP#1:ClientIPConfig
Taint
  effect!#3:string key!#1:string timeAdded#4:time value#2:string
`;
