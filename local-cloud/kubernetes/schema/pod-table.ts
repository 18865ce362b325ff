/**
 * What pods and pod templates hold, volumes apart. One line of field names and types per type, in the notation
 * that schema.ts explains; the names and types are those of Kubernetes 1.34.
 */
export const podSchema = `
package io.k8s.api.core.v1 as core
Affinity
  nodeAffinity#1:NodeAffinity podAffinity#2:PodAffinity podAntiAffinity#3:PodAntiAffinity
AppArmorProfile
  localhostProfile*#2:string type!#1:string
Capabilities
  add#1:[string|atomic] drop#2:[string|atomic]
ConfigMapEnvSource
  name#1.1:string optional*#2:bool
ConfigMapKeySelector (atomic)
  key!#2:string name#1.1:string optional*#3:bool
Container
  args#4:[string|atomic] command#3:[string|atomic] env#7:[EnvVar|map=name|merge=name]
  envFrom#19:[EnvFromSource|atomic] image#2:string imagePullPolicy#14:string lifecycle#12:Lifecycle
  livenessProbe#10:Probe name!#1:string ports#6:[ContainerPort|map=containerPort+protocol|merge=containerPort]
  readinessProbe#11:Probe resizePolicy#23:[ContainerResizePolicy|atomic] resources#8:ResourceRequirements
  restartPolicy*#24:string restartPolicyRules#25:[ContainerRestartRule|atomic] securityContext#15:SecurityContext
  startupProbe#22:Probe stdin#16:bool stdinOnce#17:bool terminationMessagePath#13:string
  terminationMessagePolicy#20:string tty#18:bool volumeDevices#21:[VolumeDevice|map=devicePath|merge=devicePath]
  volumeMounts#9:[VolumeMount|map=mountPath|merge=mountPath] workingDir#5:string
ContainerPort
  containerPort!#3:int hostIP#5:string hostPort#2:int name#1:string protocol#4:string
ContainerResizePolicy
  resourceName!#1:string restartPolicy!#2:string
ContainerRestartRule
  action!#1:string exitCodes#2:ContainerRestartRuleOnExitCodes
ContainerRestartRuleOnExitCodes
  operator!#1:string values#2:[int|set]
EnvFromSource
  configMapRef#2:ConfigMapEnvSource prefix#1:string secretRef#3:SecretEnvSource
EnvVar
  name!#1:string value#2:string valueFrom#3:EnvVarSource
EnvVarSource
  configMapKeyRef#3:ConfigMapKeySelector fieldRef#1:ObjectFieldSelector fileKeyRef#5:FileKeySelector
  resourceFieldRef#2:ResourceFieldSelector secretKeyRef#4:SecretKeySelector
EphemeralContainer
  args#1.4:[string|atomic] command#1.3:[string|atomic] env#1.7:[EnvVar|map=name|merge=name]
  envFrom#1.19:[EnvFromSource|atomic] image#1.2:string imagePullPolicy#1.14:string lifecycle#1.12:Lifecycle
  livenessProbe#1.10:Probe name!#1.1:string ports#1.6:[ContainerPort|map=containerPort+protocol|merge=containerPort]
  readinessProbe#1.11:Probe resizePolicy#1.23:[ContainerResizePolicy|atomic] resources#1.8:ResourceRequirements
  restartPolicy*#1.24:string restartPolicyRules#1.25:[ContainerRestartRule|atomic]
  securityContext#1.15:SecurityContext startupProbe#1.22:Probe stdin#1.16:bool stdinOnce#1.17:bool
  targetContainerName#2:string terminationMessagePath#1.13:string terminationMessagePolicy#1.20:string tty#1.18:bool
  volumeDevices#1.21:[VolumeDevice|map=devicePath|merge=devicePath]
  volumeMounts#1.9:[VolumeMount|map=mountPath|merge=mountPath] workingDir#1.5:string
ExecAction
  command#1:[string|atomic]
FileKeySelector (atomic)
  key!#3:string optional*#4:bool path!#2:string volumeName!#1:string
GRPCAction
  port!#1:int service*#2:string
HTTPGetAction
  host#3:string httpHeaders#5:[HTTPHeader|atomic] path#1:string port!#2:intstr scheme#4:string
HTTPHeader
  name!#1:string value!#2:string
HostAlias
  hostnames#2:[string|atomic] ip!#1:string
Lifecycle
  postStart#1:LifecycleHandler preStop#2:LifecycleHandler stopSignal*#3:string
LifecycleHandler
  exec#1:ExecAction httpGet#2:HTTPGetAction sleep#4:SleepAction tcpSocket#3:TCPSocketAction
LocalObjectReference (atomic)
  name#1:string
NodeAffinity
  preferredDuringSchedulingIgnoredDuringExecution#2:[PreferredSchedulingTerm|atomic]
  requiredDuringSchedulingIgnoredDuringExecution#1:NodeSelector
NodeSelector (atomic)
  nodeSelectorTerms!#1:[NodeSelectorTerm|atomic]
NodeSelectorRequirement
  key!#1:string operator!#2:string values#3:[string|atomic]
NodeSelectorTerm (atomic)
  matchExpressions#1:[NodeSelectorRequirement|atomic] matchFields#2:[NodeSelectorRequirement|atomic]
ObjectFieldSelector (atomic)
  apiVersion#1:string fieldPath!#2:string
PersistentVolumeClaimSpec
  accessModes#1:[string|atomic] dataSource#7:TypedLocalObjectReference dataSourceRef#8:TypedObjectReference
  resources#2:VolumeResourceRequirements selector#4:meta/LabelSelector storageClassName*#5:string
  volumeAttributesClassName*#9:string volumeMode*#6:string volumeName#3:string
PodAffinity
  preferredDuringSchedulingIgnoredDuringExecution#2:[WeightedPodAffinityTerm|atomic]
  requiredDuringSchedulingIgnoredDuringExecution#1:[PodAffinityTerm|atomic]
PodAffinityTerm
  labelSelector#1:meta/LabelSelector matchLabelKeys#5:[string|atomic] mismatchLabelKeys#6:[string|atomic]
  namespaceSelector#4:meta/LabelSelector namespaces#2:[string|atomic] topologyKey!#3:string
PodAntiAffinity
  preferredDuringSchedulingIgnoredDuringExecution#2:[WeightedPodAffinityTerm|atomic]
  requiredDuringSchedulingIgnoredDuringExecution#1:[PodAffinityTerm|atomic]
PodDNSConfig
  nameservers#1:[string|atomic] options#3:[PodDNSConfigOption|atomic] searches#2:[string|atomic]
PodDNSConfigOption
  name#1:string value*#2:string
PodOS
  name!#1:string
PodReadinessGate
  conditionType!#1:string
PodResourceClaim
  name!#1:string resourceClaimName*#3:string resourceClaimTemplateName*#4:string
PodSchedulingGate
  name!#1:string
PodSecurityContext
  appArmorProfile#11:AppArmorProfile fsGroup*#5:long fsGroupChangePolicy*#9:string runAsGroup*#6:long
  runAsNonRoot*#3:bool runAsUser*#2:long seLinuxChangePolicy*#13:string seLinuxOptions#1:SELinuxOptions
  seccompProfile#10:SeccompProfile supplementalGroups#4:[long|atomic] supplementalGroupsPolicy*#12:string
  sysctls#7:[Sysctl|atomic] windowsOptions#8:WindowsSecurityContextOptions
PodSpec
  activeDeadlineSeconds*#5:long affinity#18:Affinity automountServiceAccountToken*#21:bool
  containers!#2:[Container|map=name|merge=name] dnsConfig#26:PodDNSConfig dnsPolicy#6:string
  enableServiceLinks*#30:bool ephemeralContainers#34:[EphemeralContainer|map=name|merge=name]
  hostAliases#23:[HostAlias|map=ip|merge=ip] hostIPC#13:bool hostNetwork#11:bool hostPID#12:bool hostUsers*#37:bool
  hostname#16:string hostnameOverride*#41:string imagePullSecrets#15:[LocalObjectReference|map=name|merge=name]
  initContainers#20:[Container|map=name|merge=name] nodeName#10:string nodeSelector#7:{string|atomic} os#36:PodOS
  overhead#32:{quantity} preemptionPolicy*#31:string priority*#25:int priorityClassName#24:string
  readinessGates#28:[PodReadinessGate|atomic] resourceClaims#39:[PodResourceClaim|map=name|merge=name|retainKeys]
  resources#40:ResourceRequirements restartPolicy#3:string runtimeClassName*#29:string schedulerName#19:string
  schedulingGates#38:[PodSchedulingGate|map=name|merge=name] securityContext#14:PodSecurityContext
  serviceAccount#9:string serviceAccountName#8:string setHostnameAsFQDN*#35:bool shareProcessNamespace*#27:bool
  subdomain#17:string terminationGracePeriodSeconds*#4:long tolerations#22:[Toleration|atomic]
  topologySpreadConstraints#33:[TopologySpreadConstraint|map=topologyKey+whenUnsatisfiable|merge=topologyKey]
  volumes#1:[Volume|map=name|merge=name|retainKeys]
PodTemplateSpec
  metadata#1:meta/ObjectMeta spec#2:PodSpec
PreferredSchedulingTerm
  preference!#2:NodeSelectorTerm weight!#1:int
Probe
  exec#1.1:ExecAction failureThreshold#6:int grpc#1.4:GRPCAction httpGet#1.2:HTTPGetAction initialDelaySeconds#2:int
  periodSeconds#4:int successThreshold#5:int tcpSocket#1.3:TCPSocketAction terminationGracePeriodSeconds*#7:long
  timeoutSeconds#3:int
ResourceClaim
  name!#1:string request#2:string
ResourceFieldSelector (atomic)
  containerName#1:string divisor#3:quantity resource!#2:string
ResourceRequirements
  claims#3:[ResourceClaim|map=name] limits#1:{quantity} requests#2:{quantity}
SELinuxOptions
  level#4:string role#2:string type#3:string user#1:string
SeccompProfile
  localhostProfile*#2:string type!#1:string
SecretEnvSource
  name#1.1:string optional*#2:bool
SecretKeySelector (atomic)
  key!#2:string name#1.1:string optional*#3:bool
SecurityContext
  allowPrivilegeEscalation*#7:bool appArmorProfile#12:AppArmorProfile capabilities#1:Capabilities privileged*#2:bool
  procMount*#9:string readOnlyRootFilesystem*#6:bool runAsGroup*#8:long runAsNonRoot*#5:bool runAsUser*#4:long
  seLinuxOptions#3:SELinuxOptions seccompProfile#11:SeccompProfile windowsOptions#10:WindowsSecurityContextOptions
SleepAction
  seconds!#1:long
Sysctl
  name!#1:string value!#2:string
TCPSocketAction
  host#2:string port!#1:intstr
Toleration
  effect#4:string key#1:string operator#2:string tolerationSeconds*#5:long value#3:string
TopologySpreadConstraint
  labelSelector#4:meta/LabelSelector matchLabelKeys#8:[string|atomic] maxSkew!#1:int minDomains*#5:int
  nodeAffinityPolicy*#6:string nodeTaintsPolicy*#7:string topologyKey!#2:string whenUnsatisfiable!#3:string
TypedLocalObjectReference (atomic)
  apiGroup*#1:string kind!#2:string name!#3:string
TypedObjectReference
  apiGroup*#1:string kind!#2:string name!#3:string namespace*#4:string
VolumeDevice
  devicePath!#2:string name!#1:string
VolumeMount
  mountPath!#3:string mountPropagation*#5:string name!#1:string readOnly#2:bool recursiveReadOnly*#7:string
  subPath#4:string subPathExpr#6:string
VolumeResourceRequirements
  limits#1:{quantity} requests#2:{quantity}
WeightedPodAffinityTerm
  podAffinityTerm!#2:PodAffinityTerm weight!#1:int
WindowsSecurityContextOptions
  gmsaCredentialSpec*#2:string gmsaCredentialSpecName*#1:string hostProcess*#4:bool runAsUserName*#3:string
`;
