/**
 * Pod Security admission by namespace label: the levels baseline and restricted, refused (enforce)
 * or warned about (warn). The checks are those of the real admission for Linux pods; its exemptions
 * and its audit annotations are not imitated.
 */
import type { Container, PodSpec } from '../../objects.ts';
import { containersOf } from './defaults.ts';

export type SecurityLevel = 'privileged' | 'baseline' | 'restricted';

const isLevel = (text: string): text is SecurityLevel => ['privileged', 'baseline', 'restricted'].includes(text);

/** The level that a namespace's labels ask for. */
export function securityLevel(
  labels: Record<string, string> | undefined,
  mode: 'enforce' | 'warn',
): { level: SecurityLevel; version: string } {
  const level = labels?.[`pod-security.kubernetes.io/${mode}`] ?? 'privileged';
  const version = labels?.[`pod-security.kubernetes.io/${mode}-version`] ?? 'latest';
  // An unknown level is taken for the strictest, as the real admission does.
  return { level: isLevel(level) ? level : 'restricted', version };
}

/** Everything in the pod that breaks the level, in words; empty when it complies. */
export function securityViolations(
  level: SecurityLevel,
  spec: PodSpec,
  annotations: Record<string, string> = {},
): string[] {
  if (level === 'privileged') return [];
  const baseline = [...checkHost(spec), ...checkBaselineContainers(spec), ...checkAnnotations(annotations)];
  if (level === 'baseline') return baseline.map(({ text }) => text);
  const strict = checkRestricted(spec);
  // A stricter check of the same thing replaces the laxer one.
  const replaced = new Set(strict.map(({ id }) => id));
  return [...baseline.filter(({ id }) => !replaced.has(id)), ...strict].map(({ text }) => text);
}

interface Violation {
  id: string;
  text: string;
}

const quoted = (names: string[]): string => names.map((name) => JSON.stringify(name)).join(', ');

const nameList = (containers: Container[]): string =>
  `container${containers.length === 1 ? '' : 's'} ${quoted(containers.map((container) => container.name ?? ''))}`;

const contextOf = ({ securityContext }: Container): NonNullable<Container['securityContext']> => securityContext ?? {};

function checkHost(spec: PodSpec): Violation[] {
  const found: Violation[] = [];
  const shared = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((name) => spec[name] === true);
  if (shared.length > 0)
    found.push({ id: 'hostNamespaces', text: `host namespaces (${shared.map((name) => `${name}=true`).join(', ')})` });
  const paths = (spec.volumes ?? []).filter((volume) => volume.hostPath).map((volume) => volume.name ?? '');
  if (paths.length > 0)
    found.push({ id: 'volumes', text: `hostPath volumes (volume${paths.length === 1 ? '' : 's'} ${quoted(paths)})` });
  const ports = containersOf(spec).filter((container) => container.ports?.some((port) => port.hostPort));
  const numbers = ports.flatMap((container) => (container.ports ?? []).map((port) => port.hostPort).filter(Boolean));
  if (ports.length > 0) {
    const uses =
      `${nameList(ports)} use${ports.length === 1 ? 's' : ''} hostPort${numbers.length === 1 ? '' : 's'} ` +
      `${numbers.join(', ')}`;
    found.push({ id: 'hostPorts', text: `hostPort (${uses})` });
  }
  return found;
}

const BASELINE_CAPABILITIES = new Set([
  ...['AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'MKNOD', 'NET_BIND_SERVICE'],
  ...['SETFCAP', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT'],
]);

function checkBaselineContainers(spec: PodSpec): Violation[] {
  const found: Violation[] = [];
  const containers = containersOf(spec);
  const privileged = containers.filter((container) => contextOf(container).privileged === true);
  if (privileged.length > 0) {
    const must = `${nameList(privileged)} must not set securityContext.privileged=true`;
    found.push({ id: 'privileged', text: `privileged (${must})` });
  }
  const capable = containers.filter((container) => addedBeyond(container, BASELINE_CAPABILITIES).length > 0);
  if (capable.length > 0) {
    const added = [...new Set(capable.flatMap((container) => addedBeyond(container, BASELINE_CAPABILITIES)))].sort();
    const must = `${nameList(capable)} must not include ${quoted(added)} in securityContext.capabilities.add`;
    found.push({ id: 'capabilities', text: `non-default capabilities (${must})` });
  }
  const unconfined = containers.filter((container) => contextOf(container).seccompProfile?.type === 'Unconfined');
  const podUnconfined = spec.securityContext?.seccompProfile?.type === 'Unconfined';
  if (unconfined.length > 0 || podUnconfined) {
    const who = [...(podUnconfined ? ['pod'] : []), ...(unconfined.length > 0 ? [nameList(unconfined)] : [])].join(
      ' and ',
    );
    found.push({
      id: 'seccomp',
      text: `seccompProfile (${who} must not set securityContext.seccompProfile.type to "Unconfined")`,
    });
  }
  return found;
}

function addedBeyond(container: Container, allowed: Set<string>): string[] {
  return (contextOf(container).capabilities?.add ?? []).filter((capability) => !allowed.has(capability));
}

function checkAnnotations(annotations: Record<string, string>): Violation[] {
  const loose = Object.entries(annotations).filter(
    ([key, value]) => key.startsWith('container.apparmor.security.beta.kubernetes.io/') && value === 'unconfined',
  );
  if (loose.length === 0) return [];
  const text = loose
    .map(([key, value]) => `annotation ${JSON.stringify(key)} must not be set to ${JSON.stringify(value)}`)
    .join(', ');
  return [{ id: 'appArmor', text: `forbidden AppArmor profile (${text})` }];
}

const RESTRICTED_VOLUMES = new Set(
  'configMap csi downwardAPI emptyDir ephemeral persistentVolumeClaim projected secret'.split(' '),
);

function checkRestricted(spec: PodSpec): Violation[] {
  const containers = containersOf(spec);
  return [
    ...checkEscalation(containers),
    ...checkDroppedCapabilities(containers),
    ...checkVolumes(spec),
    ...checkNonRoot(spec, containers),
    ...checkSeccomp(spec, containers),
  ];
}

function checkEscalation(containers: Container[]): Violation[] {
  const bad = containers.filter((container) => contextOf(container).allowPrivilegeEscalation !== false);
  if (bad.length === 0) return [];
  const must = `${nameList(bad)} must set securityContext.allowPrivilegeEscalation=false`;
  return [{ id: 'escalation', text: `allowPrivilegeEscalation != false (${must})` }];
}

function checkDroppedCapabilities(containers: Container[]): Violation[] {
  const keeping = containers.filter((container) => !contextOf(container).capabilities?.drop?.includes('ALL'));
  const adding = containers.filter((container) => addedBeyond(container, new Set(['NET_BIND_SERVICE'])).length > 0);
  if (keeping.length + adding.length === 0) return [];
  const parts: string[] = [];
  if (keeping.length > 0) parts.push(`${nameList(keeping)} must set securityContext.capabilities.drop=["ALL"]`);
  if (adding.length > 0) {
    const added = [
      ...new Set(adding.flatMap((container) => addedBeyond(container, new Set(['NET_BIND_SERVICE'])))),
    ].sort();
    parts.push(`${nameList(adding)} must not include ${quoted(added)} in securityContext.capabilities.add`);
  }
  return [{ id: 'capabilities', text: `unrestricted capabilities (${parts.join('; ')})` }];
}

function checkVolumes(spec: PodSpec): Violation[] {
  const bad = (spec.volumes ?? [])
    .map((volume) => ({
      name: volume.name ?? '',
      source: Object.keys(volume).find((key) => key !== 'name') ?? 'emptyDir',
    }))
    .filter(({ source }) => !RESTRICTED_VOLUMES.has(source));
  if (bad.length === 0) return [];
  const sources = [...new Set(bad.map(({ source }) => source))].sort();
  const which = `volume${bad.length === 1 ? '' : 's'} ${quoted(bad.map(({ name }) => name))}`;
  const types = `restricted volume type${sources.length === 1 ? '' : 's'} ${quoted(sources)}`;
  return [{ id: 'volumes', text: `restricted volume types (${which} use${bad.length === 1 ? 's' : ''} ${types})` }];
}

function checkNonRoot(spec: PodSpec, containers: Container[]): Violation[] {
  const podSays = spec.securityContext?.runAsNonRoot;
  const rooted = containers.filter((container) => contextOf(container).runAsNonRoot === false);
  const silent = containers.filter((container) => contextOf(container).runAsNonRoot === undefined);
  const root = checkRootUser(spec, containers);
  if (rooted.length > 0 || podSays === false) {
    const must = `${whoOf(podSays === false, rooted)} must not set securityContext.runAsNonRoot=false`;
    return [{ id: 'nonRoot', text: `runAsNonRoot != true (${must})` }, ...root];
  }
  if (silent.length === 0 || podSays === true) return root;
  const must = `pod or ${nameList(silent)} must set securityContext.runAsNonRoot=true`;
  return [{ id: 'nonRoot', text: `runAsNonRoot != true (${must})` }, ...root];
}

function checkRootUser(spec: PodSpec, containers: Container[]): Violation[] {
  const isPodRoot = spec.securityContext?.runAsUser === 0;
  const zero = containers.filter((container) => contextOf(container).runAsUser === 0);
  if (zero.length === 0 && !isPodRoot) return [];
  return [{ id: 'rootUser', text: `runAsUser=0 (${whoOf(isPodRoot, zero)} must not set runAsUser=0)` }];
}

/** `pod and containers "a", "b"`, or one of the two. */
function whoOf(isPod: boolean, containers: Container[]): string {
  return [...(isPod ? ['pod'] : []), ...(containers.length > 0 ? [nameList(containers)] : [])].join(' and ');
}

function checkSeccomp(spec: PodSpec, containers: Container[]): Violation[] {
  const isGood = (type: unknown): boolean => type === 'RuntimeDefault' || type === 'Localhost';
  const podType = spec.securityContext?.seccompProfile?.type;
  const typeOf = (container: Container): unknown => contextOf(container).seccompProfile?.type;
  const bad = containers.filter((container) => typeOf(container) !== undefined && !isGood(typeOf(container)));
  const silent = containers.filter((container) => typeOf(container) === undefined);
  if (bad.length > 0 || (podType !== undefined && !isGood(podType))) {
    const who = [
      ...(podType !== undefined && !isGood(podType) ? ['pod'] : []),
      ...(bad.length > 0 ? [nameList(bad)] : []),
    ].join(' and ');
    return [
      {
        id: 'seccomp',
        text: `seccompProfile (${who} must not set securityContext.seccompProfile.type to "Unconfined")`,
      },
    ];
  }
  if (silent.length === 0 || isGood(podType)) return [];
  const field = 'securityContext.seccompProfile.type';
  const must = `pod or ${nameList(silent)} must set ${field} to "RuntimeDefault" or "Localhost"`;
  return [{ id: 'seccomp', text: `seccompProfile (${must})` }];
}
