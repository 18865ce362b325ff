/** Columns and rows as `kubectl get` prints them; a column whose name ends in `+` is shown with `-o wide` only. */
import type { KubeObject } from '../object.ts';
import * as other from './tables-other.ts';
import { nodeRow, podRow } from './tables-pods.ts';
import * as workloads from './tables-workloads.ts';

export interface Column {
  name: string;
  type: string;
  format: string;
  description: string;
  priority: number;
}

export interface Row {
  cells: unknown[];
  conditions?: unknown[];
}

interface Table {
  /** Names, with `#` before those of numbers and `?` before those of booleans. */
  columns: string;
  row: (object: KubeObject, nowMs: number) => unknown[] | Row;
}

const WORKLOAD = 'Containers+|Images+|Selector+';
const roles: Table = { columns: 'Name|Created At', row: other.roleRow };
const bindings: Table = { columns: 'Name|Role|Age|Users+|Groups+|ServiceAccounts+', row: other.bindingRow };
const replicaSets: Table = { columns: `Name|#Desired|#Current|#Ready|Age|${WORKLOAD}`, row: workloads.replicaSetRow };

const tables: Record<string, Table> = {
  pods: { columns: 'Name|Ready|Status|Restarts|Age|IP+|Node+|Nominated Node+|Readiness Gates+', row: podRow },
  nodes: {
    columns: 'Name|Status|Roles|Age|Version|Internal-IP+|External-IP+|OS-Image+|Kernel-Version+|Container-Runtime+',
    row: nodeRow,
  },
  deployments: { columns: `Name|Ready|Up-to-date|Available|Age|${WORKLOAD}`, row: workloads.deploymentRow },
  replicasets: replicaSets,
  replicationcontrollers: replicaSets,
  statefulsets: { columns: 'Name|Ready|Age|Containers+|Images+', row: workloads.statefulSetRow },
  daemonsets: {
    columns: `Name|#Desired|#Current|#Ready|#Up-to-date|#Available|Node Selector|Age|${WORKLOAD}`,
    row: workloads.daemonSetRow,
  },
  jobs: { columns: `Name|Status|Completions|Duration|Age|${WORKLOAD}`, row: workloads.jobRow },
  cronjobs: {
    columns: `Name|Schedule|Timezone|?Suspend|#Active|Last Schedule|Age|${WORKLOAD}`,
    row: workloads.cronJobRow,
  },
  horizontalpodautoscalers: {
    columns: 'Name|Reference|Targets|MinPods|MaxPods|Replicas|Age',
    row: workloads.autoscalerRow,
  },
  poddisruptionbudgets: {
    columns: 'Name|Min Available|Max Unavailable|#Allowed Disruptions|Age',
    row: workloads.budgetRow,
  },
  services: { columns: 'Name|Type|Cluster-IP|External-IP|Port(s)|Age|Selector+', row: other.serviceRow },
  endpoints: { columns: 'Name|Endpoints|Age', row: other.endpointsRow },
  endpointslices: { columns: 'Name|AddressType|Ports|Endpoints|Age', row: other.endpointSliceRow },
  events: {
    columns: 'Last Seen|Type|Reason|Object|Subobject+|Source+|Message|First Seen+|Count+|Name+',
    row: other.eventRow,
  },
  configmaps: { columns: 'Name|Data|Age', row: other.configMapRow },
  secrets: { columns: 'Name|Type|Data|Age', row: other.secretRow },
  namespaces: { columns: 'Name|Status|Age', row: other.namespaceRow },
  serviceaccounts: { columns: 'Name|Secrets|Age', row: other.accountRow },
  networkpolicies: { columns: 'Name|Pod-Selector|Age', row: other.networkPolicyRow },
  leases: { columns: 'Name|Holder|Age', row: other.leaseRow },
  priorityclasses: { columns: 'Name|#Value|?Global-Default|Age|PreemptionPolicy', row: other.priorityClassRow },
  persistentvolumeclaims: {
    columns: 'Name|Status|Volume|Capacity|Access Modes|StorageClass|VolumeAttributesClass|Age|VolumeMode+',
    row: other.claimRow,
  },
  roles,
  clusterroles: roles,
  rolebindings: bindings,
  clusterrolebindings: bindings,
};

const fallback: Table = { columns: 'Name|Age', row: other.defaultRow };

export function tableColumns(resource: string): Column[] {
  return (tables[resource] ?? fallback).columns.split('|').map((text) => {
    const name = text.replace(/^[#?]/, '').replace(/\+$/, '');
    const type = text.startsWith('#')
      ? 'integer'
      : text.startsWith('?')
        ? 'boolean'
        : name === 'Created At'
          ? 'date'
          : 'string';
    return {
      name,
      type,
      format: name === 'Name' ? 'name' : '',
      description: name,
      priority: text.endsWith('+') ? 1 : 0,
    };
  });
}

/** The cells of one object, and row conditions by which kubectl knows what has completed. */
export function tableRow(resource: string, object: KubeObject, nowMs: number): Row {
  const row = (tables[resource] ?? fallback).row(object, nowMs);
  return Array.isArray(row) ? { cells: row } : row;
}
