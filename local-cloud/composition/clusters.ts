/**
 * GKE with what is behind it here: embedded API servers, kubelets that run pods as
 * processes, their logs, the user's kubeconfig.
 */
import { join } from 'node:path';
import type { LocalContext } from '../context.ts';
import type { StartCluster } from '../gke/clusters/api-servers.ts';
import { clusterRunner } from '../gke/clusters/cluster-runner.ts';
import { startGke, type GkeOptions, type RunningGke } from '../gke/gke.ts';
import type { StartNode } from '../gke/pools/machines.ts';
import type { LogSink } from '../eventarc/log-sink.ts';
import type { RunningIdentity } from '../identity/identity.ts';
import type { Installation } from './installation.ts';
import { KubeconfigFile } from './kubeconfig.ts';
import { localImages } from './local-images.ts';

export interface ClustersOptions {
  port: number;
  identity: RunningIdentity;
  logs: LogSink;
  installation: Installation;
  tokenFile: string;
  fleet: Pick<GkeOptions, 'delays' | 'quotas'>;
}

export async function startClusters(context: LocalContext, options: ClustersOptions): Promise<RunningGke> {
  const { identity, logs } = options;
  const isValidToken = (token: string): boolean => identity.isValidToken(token);
  const kubeconfig = new KubeconfigFile(join(context.stateDir, 'kubeconfig'), options.tokenFile);
  const gke = await startGke(context, {
    port: options.port,
    startCluster: withKubeconfig(context, kubeconfig, clusterRunner(context, { isValidToken })),
    startNode: lazyNodes(context, options),
    authenticate: isValidToken,
    ...options.fleet,
  });
  gke.onOperationDone((entry) => logs.operationEnded(entry));
  return gke;
}

/**
 * The kubelet's module takes longest to load of all (it brings the Kubernetes client): not before there is a machine.
 */
function lazyNodes(context: LocalContext, { logs, installation }: ClustersOptions): StartNode {
  let loading: Promise<StartNode> | undefined;
  const load = async (): Promise<StartNode> => {
    const { nodeRunner } = await import('../gke/pools/node-runner.ts');
    return nodeRunner(context, { images: localImages(installation), onLogLine: (line) => logs.containerLine(line) });
  };
  return async (start) => (await (loading ??= load()))(start);
}

function withKubeconfig(context: LocalContext, kubeconfig: KubeconfigFile, startCluster: StartCluster): StartCluster {
  return async (spec) => {
    const handle = await startCluster(spec);
    const access = { projectId: context.projectId, location: spec.location, name: spec.name };
    kubeconfig.add({ ...access, url: handle.url, caPem: handle.caPem });
    return {
      ...handle,
      stop: async () => {
        kubeconfig.remove(access);
        await handle.stop();
      },
    };
  };
}
