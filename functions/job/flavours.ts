/**
 * Pure: which kinds of machine a job may have for its workers, in the order in which they are asked for: a type, Spot
 * or not, a zone. Each kind is a node pool of its own in the job's one cluster, so that a zone without such machines
 * means the next pool and not the next cluster.
 */
import type { JobSpec } from '../job-file/job-spec.ts';
import { workerMachineTypes } from './machines.ts';

export interface Flavour {
  machineType: string;
  spot: boolean;
  zone: string;
}

/** GKE's limit on the name of a pool. */
const LONGEST_NAME = 40;

/**
 * Spot ones of all types in all zones first, where the job file lets them; on-demand ones only after those.
 * @param home the zone of the cluster, which is tried before its neighbours.
 * @param zones where the job may have machines at all; those of other regions cannot belong to the cluster.
 */
export function flavoursOf(spec: JobSpec, home: string, zones: readonly string[]): [Flavour, ...Flavour[]] {
  const near = zones.filter((zone) => zone !== home && regionOf(zone) === regionOf(home));
  const kinds: Flavour[] = [];
  for (const spot of spec.machines.spot === 'prefer' ? [true, false] : [spec.machines.spot === 'only'])
    for (const machineType of workerMachineTypes(spec))
      for (const zone of [home, ...near]) kinds.push({ machineType, spot, zone });
  const [first, ...others] = kinds;
  if (first === undefined) throw new Error('a job may have machines of at least one type');
  return [first, ...others];
}

/** The same kind has the same pool, whoever asks for it and however often. */
export function poolName({ machineType, spot, zone }: Flavour): string {
  const zoneLetter = zone.split('-').at(-1) ?? '';
  return `w${spot ? 's' : ''}-${zoneLetter}-${machineType}`.slice(0, LONGEST_NAME).replace(/-+$/, '');
}

/** As people read it: `e2-standard-4 Spot in us-central1-a`. */
export function flavourText({ machineType, spot, zone }: Flavour): string {
  return `${machineType}${spot ? ' Spot' : ''} in ${zone}`;
}

/** europe-west1-b -> europe-west1. */
function regionOf(zone: string): string {
  return zone.replace(/-[a-z]$/, '');
}
