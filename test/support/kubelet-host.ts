/**
 * A process that hosts one kubelet, given as JSON on the command line; tests kill it to see what the next one finds.
 */
import { startKubelet } from '../../local-cloud/kubelet/kubelet.ts';
import type { KubeletOptions } from '../../local-cloud/kubelet/types.ts';
import { testImages } from './kubelet-world.ts';

const options = JSON.parse(process.argv[2] ?? '{}') as Omit<KubeletOptions, 'images'>;
await startKubelet({ ...options, images: testImages });
process.stdout.write('ready\n');
