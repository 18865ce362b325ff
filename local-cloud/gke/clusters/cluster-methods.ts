/** The methods of clusters: reads answer from records, changes are recorded and get an operation. */
import { randomBytes } from 'node:crypto';
import { draw } from '../../compute/fleet/delays.ts';
import { regionOf } from '../../compute/zones.ts';
import { GoogleError } from '../../identity/google-http.ts';
import { Changes, type Method, type MethodCall, type MethodParts } from '../method.ts';
import { plainAt } from '../../is-plain.ts';
import { askedCluster, askedLabels } from '../messages.ts';
import { requireQuota } from '../pools/node-groups.ts';
import { newPool } from '../pools/pool-methods.ts';
import { clusterKey, type ClusterRecord } from '../records.ts';
import type { Json } from '../wire/proto-schema.ts';
import { labelFingerprint } from '../wire/views.ts';
import { clusterSpec, poolSpecs, requireLabels } from './cluster-spec.ts';
import { serverConfig } from './server-config.ts';

export class ClusterMethods {
  readonly #parts: MethodParts;
  readonly #changes: Changes;

  constructor(parts: MethodParts) {
    this.#parts = parts;
    this.#changes = new Changes(parts);
  }

  table(): Record<string, Method> {
    const { views } = this.#parts;
    return {
      ListClusters: {
        name: 'clusters.list',
        run: ({ target }) => ({ clusters: this.#inLocation(target.location).map((each) => views.cluster(each)) }),
      },
      GetCluster: { name: 'clusters.get', run: ({ target }) => views.cluster(this.#changes.cluster(target)) },
      GetServerConfig: { name: 'serverConfig.get', run: () => serverConfig() },
      CreateCluster: { name: 'clusters.create', run: (call) => this.#createCluster(call) },
      UpdateCluster: { name: 'clusters.update', run: (call) => this.#updateCluster(call) },
      SetLabels: { name: 'clusters.setResourceLabels', run: (call) => this.#setLabels(call) },
      SetMaintenancePolicy: { name: 'clusters.setMaintenancePolicy', run: (call) => this.#setMaintenancePolicy(call) },
      DeleteCluster: { name: 'clusters.delete', run: (call) => this.#deleteCluster(call) },
    };
  }

  #createCluster({ request, target, shortage }: MethodCall): Json {
    const asked = askedCluster.parse(request['cluster'] ?? {});
    const location = target.location;
    const spec = clusterSpec(asked, location);
    const pools = poolSpecs(asked, spec.locations, regionOf(location));
    const cluster: ClusterRecord = {
      name: spec.name,
      location,
      id: randomBytes(32).toString('hex'),
      spec,
      status: 'PROVISIONING',
      statusMessage: '',
      conditions: [],
      createMs: this.#parts.context.clock.nowMs(),
      port: null,
      caPem: null,
      pools: pools.map(newPool),
    };
    if (this.#parts.state.clusters.has(clusterKey(location, cluster.name))) {
      const name = `projects/${this.#parts.context.projectId}/locations/${location}/clusters/${cluster.name}`;
      throw new GoogleError(409, `Already exists: ${name}.`);
    }
    requireQuota(this.#parts.fleet, cluster, pools);
    const delayMs = draw(this.#parts.fleet.delays.createClusterMs);
    return this.#changes.begin({ type: 'CREATE_CLUSTER', rpc: 'CreateCluster', cluster, delayMs, shortage }, () => {
      this.#parts.context.books.clusterStarted({ name: cluster.name, location, labels: spec.resourceLabels });
    });
  }

  #updateCluster({ request, target }: MethodCall): Json {
    const cluster = this.#changes.requireRunning(target);
    const delayMs = draw(this.#parts.fleet.delays.resizeMs);
    return this.#changes.begin({ type: 'UPDATE_CLUSTER', rpc: 'UpdateCluster', cluster, delayMs }, () => {
      // desiredFoo becomes foo where the cluster has such a field; other updates only take their time.
      for (const [desired, value] of Object.entries(plainAt(request, 'update'))) {
        const name = desired.replace(/^desired(.)/, (_all, letter: string) => letter.toLowerCase());
        if (UPDATABLE.has(name)) cluster.spec[name] = value;
      }
    });
  }

  #setLabels({ request, target }: MethodCall): Json {
    const cluster = this.#changes.cluster(target);
    const labels = askedLabels.parse(request['resourceLabels']);
    requireLabels(labels);
    if (request['labelFingerprint'] !== labelFingerprint(cluster.spec.resourceLabels)) {
      throw new GoogleError(412, 'Labels could not be set due to fingerprint mismatch.');
    }
    const delayMs = draw(this.#parts.fleet.delays.resizeMs);
    return this.#changes.begin({ type: 'UPDATE_CLUSTER', rpc: 'SetLabels', cluster, delayMs }, () => {
      cluster.spec.resourceLabels = labels;
    });
  }

  #setMaintenancePolicy({ request, target }: MethodCall): Json {
    const cluster = this.#changes.cluster(target);
    return this.#changes.begin({ type: 'UPDATE_CLUSTER', rpc: 'SetMaintenancePolicy', cluster, delayMs: 0 }, () => {
      cluster.spec['maintenancePolicy'] = request['maintenancePolicy'] ?? {};
    });
  }

  #deleteCluster({ target }: MethodCall): Json {
    const cluster = this.#changes.cluster(target);
    const delayMs = draw(this.#parts.fleet.delays.deleteMs);
    return this.#changes.begin({ type: 'DELETE_CLUSTER', rpc: 'DeleteCluster', cluster, delayMs }, () => {
      cluster.status = 'STOPPING';
    });
  }

  #inLocation(location: string): ClusterRecord[] {
    return [...this.#parts.state.clusters.values()].filter((each) => location === '-' || each.location === location);
  }
}

const UPDATABLE = new Set([
  'locations',
  'loggingService',
  'monitoringService',
  'addonsConfig',
  'masterAuthorizedNetworksConfig',
  'releaseChannel',
  'verticalPodAutoscaling',
  'shieldedNodes',
  'notificationConfig',
  'workloadIdentityConfig',
]);
