/** Pods. */
import type { V1Pod } from '@kubernetes/client-node';
import type { ObjectOf, WithConditions } from '../../objects.ts';
import { defineKind } from '../kind.ts';
import { defaultPodSpec } from './defaults.ts';
import { validatePodSpec, validatePodUpdate } from './rules.ts';
import { podRow } from './row.ts';
import { admitNewPod } from './admission.ts';

declare module '../../objects.ts' {
  interface Objects {
    pods: WithConditions<ObjectOf<V1Pod>>;
  }
}

export const pod = defineKind({
  kind: 'Pod',
  resource: 'pods',
  shortNames: ['po'],
  categories: ['all'],
  subresources: ['status', 'log', 'eviction'],
  countsGenerations: true,
  answersDeleted: true,
  defaults: ({ spec }) => {
    if (spec) defaultPodSpec(spec);
  },
  admit: (object, context) => {
    if (object.spec) admitNewPod(object, object.spec, context);
  },
  createRules: ({ spec }) => validatePodSpec(spec, 'spec'),
  updateRules: validatePodUpdate,
  columns: 'Name|Ready|Status|Restarts|Age|IP+|Node+|Nominated Node+|Readiness Gates+',
  row: podRow,
  selectable: {
    'spec.nodeName': ({ spec }) => spec?.nodeName,
    'spec.restartPolicy': ({ spec }) => spec?.restartPolicy,
    'spec.schedulerName': ({ spec }) => spec?.schedulerName,
    'spec.serviceAccountName': ({ spec }) => spec?.serviceAccountName,
    'spec.hostNetwork': ({ spec }) => spec?.hostNetwork ?? false,
    'status.phase': ({ status }) => status?.phase,
    'status.podIP': ({ status }) => status?.podIP,
    'status.nominatedNodeName': ({ status }) => status?.nominatedNodeName,
  },
  fields: `
ContainerExtendedResourceRequest
  containerName!#1:string requestName!#3:string resourceName!#2:string
ContainerState
  running#2:ContainerStateRunning terminated#3:ContainerStateTerminated waiting#1:ContainerStateWaiting
ContainerStateRunning
  startedAt#1:time
ContainerStateTerminated
  containerID#7:string exitCode!#1:int finishedAt#6:time message#4:string reason#3:string signal#2:int
  startedAt#5:time
ContainerStateWaiting
  message#2:string reason#1:string
ContainerStatus
  allocatedResources#10:{quantity} allocatedResourcesStatus#14:[ResourceStatus|map=name|merge=name]
  containerID#8:string image!#6:string imageID!#7:string lastState#3:ContainerState name!#1:string ready!#4:bool
  resources#11:ResourceRequirements restartCount!#5:int started*#9:bool state#2:ContainerState stopSignal*#15:string
  user#13:ContainerUser volumeMounts#12:[VolumeMountStatus|map=mountPath|merge=mountPath]
ContainerUser
  linux#1:LinuxContainerUser
HostIP
  ip!#1:string
LinuxContainerUser
  gid!#2:long supplementalGroups#3:[long|atomic] uid!#1:long
Pod
  apiVersion:string kind:string metadata#1:meta/ObjectMeta spec#2:PodSpec status#3:PodStatus
PodCondition
  lastProbeTime#3:time lastTransitionTime#4:time message#6:string observedGeneration#7:long reason#5:string
  status!#2:string type!#1:string
PodExtendedResourceClaimStatus
  requestMappings!#1:[ContainerExtendedResourceRequest|atomic] resourceClaimName!#2:string
PodIP
  ip!#1:string
PodResourceClaimStatus
  name!#1:string resourceClaimName*#2:string
PodStatus
  conditions#2:[PodCondition|map=type|merge=type] containerStatuses#8:[ContainerStatus|atomic]
  ephemeralContainerStatuses#13:[ContainerStatus|atomic] extendedResourceClaimStatus#18:PodExtendedResourceClaimStatus
  hostIP#5:string hostIPs#16:[HostIP|atomic|merge=ip] initContainerStatuses#10:[ContainerStatus|atomic]
  message#3:string nominatedNodeName#11:string observedGeneration#17:long phase#1:string podIP#6:string
  podIPs#12:[PodIP|map=ip|merge=ip] qosClass#9:string reason#4:string resize#14:string
  resourceClaimStatuses#15:[PodResourceClaimStatus|map=name|merge=name|retainKeys] startTime#7:time
ResourceHealth
  health#2:string resourceID!#1:string
ResourceStatus
  name!#1:string resources#2:[ResourceHealth|map=resourceID]
VolumeMountStatus
  mountPath!#2:string name!#1:string readOnly#3:bool recursiveReadOnly*#4:string`,
});
