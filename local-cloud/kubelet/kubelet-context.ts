/** What the parts of one kubelet share. */
import type { Clock } from '../clock.ts';
import type { AddressPool } from './node/addresses.ts';
import type { KubeApi } from './api.ts';
import type { BackOffLimits } from './back-off.ts';
import type { EventRecorder } from './events.ts';
import type { ImagePuller } from './node/images.ts';
import type { ObjectCache } from './object-cache.ts';
import type { Timing } from './timing.ts';
import type { KubeletOptions } from './types.ts';

export interface KubeletContext {
  options: KubeletOptions;
  clock: Clock;
  timing: Timing;
  limits: BackOffLimits;
  api: KubeApi;
  cache: ObjectCache;
  events: EventRecorder;
  images: ImagePuller;
  addresses: AddressPool;
  /** `<dir>/pods`: one directory per pod, named by its uid. */
  podsDir: string;
  hostIp: string;
}
