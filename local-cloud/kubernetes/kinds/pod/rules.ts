/** Rules of pod specs that a user is likely to break. Pure; messages and order as the real server has them. */
import { isDeepStrictEqual } from 'node:util';
import type { Container, Pod, PodSpec, Probe, Resources, Variable, Volume } from '../../objects.ts';
import type { FieldError } from '../../api-error.ts';
import { invalidValue, required, forbiddenField, unsupported, duplicate } from '../field-error.ts';
import { labelProblem, subdomainProblem } from '../metadata-rules.ts';
import { parseQuantity } from '../../../quantity.ts';

/** A whole pod spec at `path` (`spec` or `spec.template.spec`). */
export function validatePodSpec(spec: PodSpec | undefined, path: string): FieldError[] {
  if (!spec) return [required(`${path}.containers`)];
  const { volumes = [], containers = [], initContainers = [] } = spec;
  const names = new Set<string>();
  const errors = validateVolumes(volumes, `${path}.volumes`);
  if (containers.length === 0) errors.push(required(`${path}.containers`));
  for (const [index, container] of containers.entries()) {
    errors.push(...validateContainer(container, `${path}.containers[${index}]`, names, volumes));
  }
  for (const [index, container] of initContainers.entries()) {
    errors.push(...validateContainer(container, `${path}.initContainers[${index}]`, names, volumes));
  }
  return [...errors, ...validateScalars(spec, path)];
}

const RESTART_POLICIES = ['Always', 'OnFailure', 'Never'];

const DNS_POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];

function validateScalars(spec: PodSpec, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const { restartPolicy = '', dnsPolicy = '', activeDeadlineSeconds: deadline, serviceAccountName: account } = spec;
  if (!RESTART_POLICIES.includes(restartPolicy))
    errors.push(unsupported(`${path}.restartPolicy`, spec.restartPolicy, RESTART_POLICIES));
  if (!DNS_POLICIES.includes(dnsPolicy)) errors.push(unsupported(`${path}.dnsPolicy`, spec.dnsPolicy, DNS_POLICIES));
  if (deadline !== undefined && !(deadline >= 1 && deadline < 2 ** 31)) {
    const why = 'must be between 1 and 2147483647, inclusive';
    errors.push(invalidValue(`${path}.activeDeadlineSeconds`, deadline, why));
  }
  const accountProblem = account ? subdomainProblem(account) : undefined;
  if (accountProblem !== undefined) errors.push(invalidValue(`${path}.serviceAccountName`, account, accountProblem));
  const { hostname } = spec;
  const hostnameProblem = hostname ? labelProblem(hostname) : undefined;
  if (hostnameProblem !== undefined) errors.push(invalidValue(`${path}.hostname`, hostname, hostnameProblem));
  return errors;
}

function validateVolumes(volumes: Volume[], path: string): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [index, volume] of volumes.entries()) {
    const at = `${path}[${index}]`;
    const name = volume.name ?? '';
    errors.push(...validateName(name, `${at}.name`));
    if (name !== '' && names.has(name)) errors.push(duplicate(`${at}.name`, name));
    names.add(name);
    errors.push(...validateVolumeSource(volume, at));
  }
  return errors;
}

/** Volume sources with one field that nothing works without. */
function neededFields({ secret, configMap, hostPath }: Volume): [present: boolean, field: string][] {
  return [
    [!secret || !!secret.secretName, 'secret.secretName'],
    [!configMap || !!configMap.name, 'configMap.name'],
    [!hostPath || !!hostPath.path, 'hostPath.path'],
  ];
}

function validateVolumeSource(volume: Volume, at: string): FieldError[] {
  const sources = Object.keys(volume).filter((key) => key !== 'name');
  const missing = neededFields(volume).filter(([isThere]) => !isThere);
  const errors = missing.map(([, field]) => required(`${at}.${field}`));
  if (sources.length <= 1) return errors;
  return [forbiddenField(`${at}.${sources[1]}`, 'may not specify more than 1 volume type'), ...errors];
}

/** A name that must be there and be a DNS label. */
function validateName(name: string, at: string): FieldError[] {
  if (name === '') return [required(at)];
  const problem = labelProblem(name);
  return problem === undefined ? [] : [invalidValue(at, name, problem)];
}

const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never'];

const PROBES = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const;

function validateContainer(container: Container, path: string, names: Set<string>, volumes: Volume[]): FieldError[] {
  const { name = '', ports = [], env = [], volumeMounts = [], resources = {}, imagePullPolicy = '' } = container;
  const errors = [
    ...validateName(name, `${path}.name`),
    ...validateImage(container.image, `${path}.image`),
    ...validatePorts(ports, `${path}.ports`),
    ...validateEnvironment(env, `${path}.env`),
    ...validateMounts(volumeMounts, `${path}.volumeMounts`, volumes),
  ];
  if (!PULL_POLICIES.includes(imagePullPolicy)) {
    errors.push(unsupported(`${path}.imagePullPolicy`, container.imagePullPolicy, PULL_POLICIES));
  }
  errors.push(...validateResources(resources, `${path}.resources`));
  for (const name of PROBES) errors.push(...validateProbe(container[name], `${path}.${name}`));
  if (name !== '' && names.has(name)) errors.push(duplicate(`${path}.name`, name));
  names.add(name);
  return errors;
}

function validateImage(image: string | undefined, at: string): FieldError[] {
  if (!image) return [required(at)];
  return image === image.trim() ? [] : [invalidValue(at, image, 'must not have leading or trailing whitespace')];
}

const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];

function validatePorts(ports: NonNullable<Container['ports']>, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const at = `${path}[${index}]`;
    const { name = '', containerPort, protocol = '' } = port;
    errors.push(...validatePortName(name, `${at}.name`));
    if (name !== '' && names.has(name)) errors.push(duplicate(`${at}.name`, name));
    names.add(name);
    if (!containerPort) errors.push(required(`${at}.containerPort`));
    else if (containerPort < 1 || containerPort > 65_535) {
      errors.push(invalidValue(`${at}.containerPort`, containerPort, 'must be between 1 and 65535, inclusive'));
    }
    if (!PROTOCOLS.includes(protocol)) errors.push(unsupported(`${at}.protocol`, port.protocol, PROTOCOLS));
  }
  return errors;
}

function validatePortName(name: string, at: string): FieldError[] {
  if (name.length > 15) return [invalidValue(at, name, 'must be no more than 15 characters')];
  if (name === '' || /^(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) return [];
  return [invalidValue(at, name, 'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)')];
}

function validateEnvironment(variables: Variable[], path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, variable] of variables.entries()) {
    const at = `${path}[${index}]`;
    const name = variable.name ?? '';
    if (name === '') errors.push(required(`${at}.name`));
    else if (!/^[ -<>-~]+$/.test(name)) {
      const why = "a valid environment variable name must consist only of printable ASCII characters other than '='";
      errors.push(invalidValue(`${at}.name`, name, why));
    }
    errors.push(...validateValueFrom(variable, `${at}.valueFrom`));
  }
  return errors;
}

const NO_SOURCE = 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`';

function validateValueFrom({ value, valueFrom }: Variable, at: string): FieldError[] {
  if (!valueFrom) return [];
  const errors: FieldError[] = [];
  if (value) errors.push(invalidValue(at, '', 'may not be specified when `value` is not empty'));
  if (Object.keys(valueFrom).length === 0) errors.push(invalidValue(at, '', NO_SOURCE));
  for (const source of ['secretKeyRef', 'configMapKeyRef'] as const) {
    const reference = valueFrom[source];
    if (!reference) continue;
    for (const key of ['key', 'name'] as const) if (!reference[key]) errors.push(required(`${at}.${source}.${key}`));
  }
  return errors;
}

function validateMounts(mounts: NonNullable<Container['volumeMounts']>, path: string, volumes: Volume[]): FieldError[] {
  const errors: FieldError[] = [];
  const points = new Set<string>();
  for (const [index, mount] of mounts.entries()) {
    const at = `${path}[${index}]`;
    const { name, mountPath, subPath } = mount;
    if (!name) errors.push(required(`${at}.name`));
    else if (!volumes.some((volume) => volume.name === name)) {
      errors.push({ reason: 'FieldValueNotFound', field: `${at}.name`, message: `Not found: ${JSON.stringify(name)}` });
    }
    if (!mountPath) errors.push(required(`${at}.mountPath`));
    else if (points.has(mountPath)) errors.push(invalidValue(`${at}.mountPath`, mountPath, 'must be unique'));
    if (mountPath) points.add(mountPath);
    if (subPath?.startsWith('/')) errors.push(invalidValue(`${at}.subPath`, subPath, 'must be a relative path'));
    if (subPath?.split('/').includes('..'))
      errors.push(invalidValue(`${at}.subPath`, subPath, "must not contain '..'"));
  }
  return errors;
}

function validateResources({ limits = {}, requests = {} }: Resources, path: string): FieldError[] {
  const errors = [...validateAmounts(limits, `${path}.limits`), ...validateAmounts(requests, `${path}.requests`)];
  for (const [name, text] of Object.entries(requests)) {
    const limit = limits[name];
    if (limit === undefined || !((parseQuantity(text) ?? 0) > (parseQuantity(limit) ?? 0))) continue;
    errors.push(invalidValue(`${path}.requests`, text, `must be less than or equal to ${name} limit of ${limit}`));
  }
  return errors;
}

function validateAmounts(amounts: NonNullable<Resources['limits']>, at: string): FieldError[] {
  const bad = Object.entries(amounts).filter(([, text]) => !((parseQuantity(text) ?? -1) >= 0));
  return bad.map(([name, text]) => invalidValue(`${at}[${name}]`, text, 'must be greater than or equal to 0'));
}

const HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'grpc'] as const;

function validateProbe(probe: Probe | undefined, path: string): FieldError[] {
  if (!probe) return [];
  const handlers = HANDLERS.filter((name) => probe[name] !== undefined);
  const errors: FieldError[] = [];
  if (handlers.length === 0) errors.push(required(path, 'must specify a handler type'));
  if (handlers.length > 1)
    errors.push(forbiddenField(`${path}.${handlers[1]}`, 'may not specify more than 1 handler type'));
  for (const name of [
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
  ] as const) {
    if (Number(probe[name]) < 0)
      errors.push(invalidValue(`${path}.${name}`, probe[name], 'must be greater than or equal to 0'));
  }
  const mustBeOne = path.endsWith('livenessProbe') || path.endsWith('startupProbe');
  if (mustBeOne && probe.successThreshold !== 1)
    errors.push(invalidValue(`${path}.successThreshold`, probe.successThreshold, 'must be 1'));
  return errors;
}

const CHANGEABLE =
  'pod updates may not change fields other than ' +
  '`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` ' +
  '(only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to ' +
  '1 if it was previously negative)';

/** What of a running pod may change: images, a shorter deadline, added tolerations, and the node once (by binding). */
export function validatePodUpdate(next: Pod, stored: Pod): FieldError[] {
  const allowed = structuredClone(next.spec) ?? {};
  const old = stored.spec ?? {};
  for (const list of ['containers', 'initContainers'] as const) {
    const containers = allowed[list] ?? [];
    if (containers.length !== (old[list] ?? []).length) {
      return [forbiddenField(`spec.${list}`, `pod updates may not add or remove containers`)];
    }
    for (const [index, container] of containers.entries()) container.image = old[list]?.[index]?.image;
  }
  keepOrDrop(allowed, 'activeDeadlineSeconds', old);
  if (old.nodeName === undefined) delete allowed.nodeName;
  if (includesAll(allowed.tolerations ?? [], old.tolerations ?? [])) keepOrDrop(allowed, 'tolerations', old);
  return isDeepStrictEqual(allowed, old) ? [] : [forbiddenField('spec', CHANGEABLE)];
}

function keepOrDrop<Key extends keyof PodSpec>(target: PodSpec, key: Key, source: PodSpec): void {
  if (source[key] === undefined) delete target[key];
  else target[key] = source[key];
}

const includesAll = (list: unknown[], wanted: unknown[]): boolean =>
  wanted.every((each) => list.some((other) => isDeepStrictEqual(each, other)));
