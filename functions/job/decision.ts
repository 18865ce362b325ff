/**
 * The codes of decisions: each with its sentence, once. A rule can only give a reason that stands here;
 * docs/decision-codes.md says the same to users, and a test compares. Endings have codes of their own (ending.ts). What
 * was decided with a code is said by the decision's own text.
 */
import type { EndingCode } from './ending.ts';
import type { Outcome, Phase } from './phase.ts';

/** Why the fleet has the size that it has. */
export const FLEET_CODES = {
  none: 'there are no machines yet',
  canary: 'the machine that the first tasks are tried on, or two',
  unmeasured: 'no iteration has been measured yet, so nothing is known to size by',
  'no-work': 'no iteration waits or runs',
  work: 'the work that is left deserves this many workers',
  tasks: 'there are no more iterations than that',
  maximum: '`worker.max` of the job file',
  quota: 'the CPU quota of the project has no room for more',
  shortage: 'the cloud has no machines of any kind that the job may have',
  money: 'the money limit has room for no more machines and for winding them down',
  'debug-hold': 'one worker stays after a failure, because the job file says `debugHold`',
  gone: 'the cluster is gone',
} as const satisfies Record<string, string>;

/** Each phase is the code of the move into it. */
export const PHASE_CODES: Readonly<Record<Phase, string>> = {
  waiting: 'the folder is read, and the attempt waits for a place',
  creating: 'a cluster is being made',
  starting: 'the cluster is there; Redis, driver and workers start',
  canary: 'the script runs its first tasks on a few machines',
  approval: 'the canary has passed, and the job file wants a yes before it grows',
  running: 'the script runs on as many machines as its work deserves',
  draining: 'the attempt ends: what runs finishes, results go to the bucket',
  deleting: 'the cluster is being deleted',
  succeeded: 'the script has ended without an error',
  failed: 'the attempt ended by a failure',
  cancelled: 'the user has cancelled',
  stopped: 'a limit has ended the attempt',
  paused: 'the user, or the budget, has paused',
};

export const REASON_CODES = {
  'cluster-unknown': 'the state of the cluster cannot be read; nothing is concluded from that',
  'cluster-absent': 'the cluster is not there (yet), so it is asked for again',
  'location-refused': 'this location refuses to make the cluster; the next one is tried',
  'cluster-stopping': 'somebody else deletes the cluster; a new one is made when it is gone',
  'workload-unknown': 'the Kubernetes API cannot be read; nothing is concluded from that',
  'queue-unknown': 'Redis cannot be read: that is an alarm, not an empty queue',
  'leftovers-unknown': 'disks and addresses of the deleted cluster cannot be listed yet',
  leftovers: 'something billable has outlived its cluster',
  'machines-refused': 'the cloud has no machines of this kind; the next kind is asked for',
  approved: 'the user has approved growth',
  withdrawn: 'a later request of the user has taken this one back',
  'record-set-aside': "the job's record could not be read: it was set aside, and what else is known goes on",
  'nothing-to-do': 'what the user requested is so already',
} as const satisfies Record<string, string>;

export type FleetCode = keyof typeof FLEET_CODES;

/** Everything that a decision can give as its reason. An error's code says why something could not be done. */
export type DecisionCode = keyof typeof REASON_CODES | FleetCode | Phase | EndingCode | `FF-${string}`;

/** What a decision is about. */
export type Decided =
  | 'wait'
  | 'create-cluster'
  | 'no machines'
  | 'grow'
  | 'shrink'
  | 'keep'
  | 'delete leftovers'
  | 'could not act'
  | 'cancel'
  | 'pause'
  | 'resume'
  | 'approve'
  | 'mend'
  | `phase ${Phase}`
  | `ending ${Outcome}`;

/** The fleet that a rule wants, and why. */
export interface FleetChoice {
  workers: number;
  nodes: number;
  code: FleetCode;
  text: string;
}
