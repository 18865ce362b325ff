/**
 * Fleet records -> the resources of the Compute Engine API v1, with the fields that callers
 * of this system and gcloud's tables read.
 */
import { createHash } from 'node:crypto';
import type { Fleet } from '../fleet/fleet.ts';
import type { GroupRecord, MachineRecord } from '../fleet/fleet-records.ts';
import type { Leftover } from '../leftovers.ts';
import { MACHINE_TYPES, type MachineType } from '../machine-types.ts';
import { regionOf, zonesOf } from '../zones.ts';

export interface Resource {
  name: string;
  selfLink?: string;
  /** Links of the machines that a disk is attached to. */
  users?: string[];
  [field: string]: unknown;
}

/** One that has an address of its own. */
export type LinkedResource = Resource & { selfLink: string };

export class Resources {
  readonly #fleet: Fleet;
  readonly #project: string;

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
    this.#project = fleet.context.projectId;
  }

  link(rest: string): string {
    return `https://www.googleapis.com/compute/v1/projects/${this.#project}/${rest}`;
  }

  instance(group: GroupRecord, machine: MachineRecord): Resource {
    const { template, zone } = group;
    const disk = {
      boot: true,
      autoDelete: true,
      deviceName: 'persistent-disk-0',
      index: 0,
      mode: 'READ_WRITE',
      type: 'PERSISTENT',
    };
    const address = {
      network: this.link(`global/networks/${template.network}`),
      networkIP: `${machine.addressPrefix}.1`,
      name: 'nic0',
    };
    return {
      kind: 'compute#instance',
      id: machine.id,
      name: machine.name,
      zone: this.link(`zones/${zone}`),
      selfLink: this.link(`zones/${zone}/instances/${machine.name}`),
      machineType: this.link(`zones/${zone}/machineTypes/${template.machineType}`),
      status: instanceStatus(machine),
      creationTimestamp: new Date(machine.createdMs).toISOString(),
      labels: { ...template.labels, 'goog-k8s-cluster-name': group.cluster, 'goog-k8s-node-pool-name': group.pool },
      scheduling: {
        preemptible: template.spot,
        provisioningModel: template.spot ? 'SPOT' : 'STANDARD',
        automaticRestart: !template.spot,
        onHostMaintenance: template.spot ? 'TERMINATE' : 'MIGRATE',
      },
      disks: [
        { ...disk, diskSizeGb: String(template.diskSizeGb), source: this.link(`zones/${zone}/disks/${machine.name}`) },
      ],
      networkInterfaces: [
        {
          ...address,
          ...(template.externalAddress ? { accessConfigs: [{ type: 'ONE_TO_ONE_NAT', name: 'external-nat' }] } : {}),
        },
      ],
      metadata: {
        items: [
          {
            key: 'created-by',
            value: `projects/${this.#fleet.context.projectNumber}/zones/${zone}/instanceGroupManagers/${group.name}`,
          },
        ],
      },
    };
  }

  bootDisk(group: GroupRecord, machine: MachineRecord): Resource {
    const { template, zone } = group;
    return this.#disk(zone, machine.name, template.diskType, template.diskSizeGb, {
      id: machine.id,
      creationTimestamp: new Date(machine.createdMs).toISOString(),
      labels: { ...template.labels, 'goog-k8s-cluster-name': group.cluster },
      users: [this.link(`zones/${zone}/instances/${machine.name}`)],
    });
  }

  leftover(leftover: Leftover): Resource {
    const { id, labels, scope, name, tags, template } = leftover;
    const made = { id, creationTimestamp: new Date(leftover.createdMs).toISOString() };
    const common = { ...made, labels };
    switch (leftover.kind) {
      case 'disks':
        return this.#disk(scope, name, 'pd-balanced', leftover.sizeGb, common);
      case 'instanceTemplates':
        return this.#template(name, { labels, tags: { items: tags } }, made);
      case 'instanceGroupManagers':
        return this.#manager(scope, name, template, { ...made, targetSize: 1 });
      case 'firewalls':
        return this.#firewall(name, tags, made);
      default:
        return this.#network(leftover, common);
    }
  }

  #network(leftover: Leftover, common: object): Resource {
    const { scope, name } = leftover;
    const place = scope === 'global' ? 'global' : `regions/${scope}`;
    const shared = {
      ...common,
      name,
      ...(scope === 'global' ? {} : { region: this.link(place) }),
      selfLink: this.link(`${place}/${leftover.kind}/${name}`),
    };
    if (leftover.kind === 'addresses') {
      return {
        kind: 'compute#address',
        ...shared,
        status: 'RESERVED',
        addressType: 'EXTERNAL',
        address: '203.0.113.10',
      };
    }
    return {
      kind: 'compute#forwardingRule',
      ...shared,
      IPAddress: '203.0.113.11',
      IPProtocol: 'TCP',
      loadBalancingScheme: 'EXTERNAL',
    };
  }

  #disk(zone: string, name: string, type: string, sizeGb: number, rest: object): Resource {
    return {
      kind: 'compute#disk',
      name,
      sizeGb: String(sizeGb),
      status: 'READY',
      type: this.link(`zones/${zone}/diskTypes/${type}`),
      zone: this.link(`zones/${zone}`),
      selfLink: this.link(`zones/${zone}/disks/${name}`),
      ...rest,
    };
  }

  group(group: GroupRecord): LinkedResource {
    const actions: Record<string, number> = Object.fromEntries(ACTIONS.map((action) => [action, 0]));
    for (const machine of group.machines) {
      const action = camelAction(currentAction(machine));
      actions[action] = (actions[action] ?? 0) + 1;
    }
    return this.#manager(group.zone, group.name, group.baseName, {
      id: group.id,
      baseInstanceName: group.baseName,
      targetSize: group.targetSize,
      currentActions: actions,
      status: { isStable: this.#fleet.isSettled(group) && this.#fleet.refused(group).length === 0 },
      creationTimestamp: new Date(group.createdMs).toISOString(),
    });
  }

  #manager(zone: string, name: string, template: string, rest: object): LinkedResource {
    return {
      kind: 'compute#instanceGroupManager',
      name,
      zone: this.link(`zones/${zone}`),
      selfLink: this.link(`zones/${zone}/instanceGroupManagers/${name}`),
      instanceGroup: this.link(`zones/${zone}/instanceGroups/${name}`),
      instanceTemplate: this.link(`global/instanceTemplates/${template}`),
      ...rest,
    };
  }

  /** What the group makes machines of: they have the labels of their cluster. */
  template(group: GroupRecord): Resource {
    const properties = { labels: group.template.labels, tags: { items: [nodeTag(group)] } };
    return this.#template(group.baseName, properties, {
      id: group.id,
      creationTimestamp: new Date(group.createdMs).toISOString(),
    });
  }

  #template(name: string, properties: object, rest: object): Resource {
    const selfLink = this.link(`global/instanceTemplates/${name}`);
    return { kind: 'compute#instanceTemplate', name, selfLink, properties, ...rest };
  }

  /** GKE makes several for a cluster; here one stands for all. */
  firewall(group: GroupRecord): Resource {
    const tag = nodeTag(group);
    const creationTimestamp = new Date(group.createdMs).toISOString();
    return this.#firewall(tag.replace(/node$/, 'all'), [tag], { id: group.id, creationTimestamp });
  }

  #firewall(name: string, targetTags: string[], rest: object): Resource {
    return { kind: 'compute#firewall', name, selfLink: this.link(`global/firewalls/${name}`), targetTags, ...rest };
  }

  managedInstance(group: GroupRecord, machine: MachineRecord): Resource {
    const errors = machine.error ? { errors: { errors: [machine.error] } } : undefined;
    return {
      name: machine.name,
      id: machine.id,
      instance: this.link(`zones/${group.zone}/instances/${machine.name}`),
      ...(machine.billed ? { instanceStatus: instanceStatus(machine) } : {}),
      currentAction: currentAction(machine),
      ...(errors ? { lastAttempt: errors } : {}),
    };
  }

  machineType(zone: string, type: MachineType): Resource {
    return {
      kind: 'compute#machineType',
      name: type.name,
      guestCpus: type.cpus,
      memoryMb: type.memoryMb,
      isSharedCpu: type.sharedCore,
      zone,
      selfLink: this.link(`zones/${zone}/machineTypes/${type.name}`),
    };
  }

  machineTypes(zone: string): Resource[] {
    return [...MACHINE_TYPES.values()].map((type) => this.machineType(zone, type));
  }

  zone(zone: string): Resource {
    return {
      kind: 'compute#zone',
      name: zone,
      status: 'UP',
      region: this.link(`regions/${regionOf(zone)}`),
      selfLink: this.link(`zones/${zone}`),
    };
  }

  region(region: string): Resource {
    const usage = this.#fleet.usage(region);
    return {
      kind: 'compute#region',
      name: region,
      status: 'UP',
      quotas: Object.entries(this.#fleet.quotas).map(([metric, limit]) => ({
        metric,
        limit,
        usage: usage[metric] ?? 0,
      })),
      zones: zonesOf(region).map((zone) => this.link(`zones/${zone}`)),
      selfLink: this.link(`regions/${region}`),
    };
  }
}

const ACTIONS = [
  'none',
  'creating',
  'creatingWithoutRetries',
  'recreating',
  'deleting',
  'abandoning',
  'restarting',
  'refreshing',
  'verifying',
];

function camelAction(action: string): string {
  return action.toLowerCase();
}

function instanceStatus(machine: MachineRecord): string {
  if (machine.ending !== null) return 'STOPPING';
  return { waiting: 'PROVISIONING', starting: 'STAGING', booting: 'RUNNING', up: 'RUNNING', lost: 'TERMINATED' }[
    machine.phase
  ];
}

/** What the group is doing with the machine. */
function currentAction(machine: MachineRecord): string {
  if (machine.ending === 'deleted') return 'DELETING';
  if (machine.ending !== null || machine.phase === 'lost' || (machine.phase !== 'up' && machine.incarnation > 1))
    return 'RECREATING';
  return machine.phase === 'up' ? 'NONE' : 'CREATING';
}

/** `gke-<cluster>-<8 digits>-node`: all machines of a cluster have it. */
function nodeTag({ cluster, clusterLocation }: GroupRecord): string {
  const digits = createHash('sha256').update(`${clusterLocation}/${cluster}`).digest('hex').slice(0, 8);
  return `gke-${cluster}-${digits}-node`;
}
