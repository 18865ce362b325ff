/** Rules of pod specs that a user is likely to break. Pure; messages and order as the real server has them. */
import { isDeepStrictEqual } from 'node:util';
import type { Plain } from '../../object.ts';
import type { FieldError } from '../../api-error.ts';
import { invalidValue, required, forbiddenField, unsupported, duplicate } from '../field-error.ts';
import { labelProblem, subdomainProblem } from '../metadata-rules.ts';
import { parseQuantity } from '../../../quantity.ts';

/** A whole pod spec at `path` (`spec` or `spec.template.spec`). */
export function validatePodSpec(spec: Plain | undefined, path: string): FieldError[] {
  if (!spec) return [required(`${path}.containers`)];
  const volumes = (spec['volumes'] ?? []) as Plain[];
  const containers = (spec['containers'] ?? []) as Plain[];
  const names = new Set<string>();
  const errors = validateVolumes(volumes, `${path}.volumes`);
  if (containers.length === 0) errors.push(required(`${path}.containers`));
  for (const [index, container] of containers.entries()) {
    errors.push(...validateContainer(container, `${path}.containers[${index}]`, names, volumes));
  }
  for (const [index, container] of ((spec['initContainers'] ?? []) as Plain[]).entries()) {
    errors.push(...validateContainer(container, `${path}.initContainers[${index}]`, names, volumes));
  }
  return [...errors, ...validateScalars(spec, path)];
}

const RESTART_POLICIES = ['Always', 'OnFailure', 'Never'];

const DNS_POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];

function validateScalars(spec: Plain, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!RESTART_POLICIES.includes(spec['restartPolicy']))
    errors.push(unsupported(`${path}.restartPolicy`, spec['restartPolicy'], RESTART_POLICIES));
  if (!DNS_POLICIES.includes(spec['dnsPolicy']))
    errors.push(unsupported(`${path}.dnsPolicy`, spec['dnsPolicy'], DNS_POLICIES));
  if (
    spec['activeDeadlineSeconds'] !== undefined &&
    !(spec['activeDeadlineSeconds'] >= 1 && spec['activeDeadlineSeconds'] < 2 ** 31)
  ) {
    errors.push(
      invalidValue(
        `${path}.activeDeadlineSeconds`,
        spec['activeDeadlineSeconds'],
        'must be between 1 and 2147483647, inclusive',
      ),
    );
  }
  const account = spec['serviceAccountName'] as string | undefined;
  const accountProblem = account ? subdomainProblem(account) : undefined;
  if (accountProblem !== undefined) errors.push(invalidValue(`${path}.serviceAccountName`, account, accountProblem));
  const hostname = spec['hostname'] as string | undefined;
  const hostnameProblem = hostname ? labelProblem(hostname) : undefined;
  if (hostnameProblem !== undefined) errors.push(invalidValue(`${path}.hostname`, hostname, hostnameProblem));
  return errors;
}

function validateVolumes(volumes: Plain[], path: string): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [index, volume] of volumes.entries()) {
    const at = `${path}[${index}]`;
    const name = String(volume['name'] ?? '');
    errors.push(...validateName(name, `${at}.name`));
    if (name !== '' && names.has(name)) errors.push(duplicate(`${at}.name`, name));
    names.add(name);
    errors.push(...validateVolumeSource(volume, at));
  }
  return errors;
}

/** Volume sources with one field that nothing works without. */
const NEEDED: readonly [source: string, field: string][] = [
  ['secret', 'secretName'],
  ['configMap', 'name'],
  ['hostPath', 'path'],
];

function validateVolumeSource(volume: Plain, at: string): FieldError[] {
  const sources = Object.keys(volume).filter((key) => key !== 'name');
  const missing = NEEDED.filter(([source, field]) => volume[source] !== undefined && !volume[source][field]);
  const errors = missing.map(([source, field]) => required(`${at}.${source}.${field}`));
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

const PROBES = ['livenessProbe', 'readinessProbe', 'startupProbe'];

function validateContainer(container: Plain, path: string, names: Set<string>, volumes: Plain[]): FieldError[] {
  const { name = '', ports = [], env = [], volumeMounts = [], resources = {}, imagePullPolicy } = container;
  const errors = [
    ...validateName(name as string, `${path}.name`),
    ...validateImage(container['image'] as string | undefined, `${path}.image`),
    ...validatePorts(ports as Plain[], `${path}.ports`),
    ...validateEnvironment(env as Plain[], `${path}.env`),
    ...validateMounts(volumeMounts as Plain[], `${path}.volumeMounts`, volumes),
  ];
  if (!PULL_POLICIES.includes(imagePullPolicy as string)) {
    errors.push(unsupported(`${path}.imagePullPolicy`, imagePullPolicy, PULL_POLICIES));
  }
  errors.push(...validateResources(resources as Plain, `${path}.resources`));
  const probes = PROBES.filter((probe) => container[probe] !== undefined);
  for (const probe of probes) errors.push(...validateProbe(container[probe] as Plain, `${path}.${probe}`));
  if (name !== '' && names.has(name as string)) errors.push(duplicate(`${path}.name`, name));
  names.add(name as string);
  return errors;
}

function validateImage(image: string | undefined, at: string): FieldError[] {
  if (!image) return [required(at)];
  return image === image.trim() ? [] : [invalidValue(at, image, 'must not have leading or trailing whitespace')];
}

const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];

function validatePorts(ports: Plain[], path: string): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const at = `${path}[${index}]`;
    const { name = '', containerPort, protocol } = port as { name?: string; containerPort?: number; protocol: string };
    errors.push(...validatePortName(name, `${at}.name`));
    if (name !== '' && names.has(name)) errors.push(duplicate(`${at}.name`, name));
    names.add(name);
    if (!containerPort) errors.push(required(`${at}.containerPort`));
    else if (containerPort < 1 || containerPort > 65_535) {
      errors.push(invalidValue(`${at}.containerPort`, containerPort, 'must be between 1 and 65535, inclusive'));
    }
    if (!PROTOCOLS.includes(protocol)) errors.push(unsupported(`${at}.protocol`, protocol, PROTOCOLS));
  }
  return errors;
}

function validatePortName(name: string, at: string): FieldError[] {
  if (name.length > 15) return [invalidValue(at, name, 'must be no more than 15 characters')];
  if (name === '' || /^(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) return [];
  return [invalidValue(at, name, 'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)')];
}

function validateEnvironment(variables: Plain[], path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, variable] of variables.entries()) {
    const at = `${path}[${index}]`;
    const name = String(variable['name'] ?? '');
    if (name === '') errors.push(required(`${at}.name`));
    else if (!/^[ -<>-~]+$/.test(name)) {
      const why = "a valid environment variable name must consist only of printable ASCII characters other than '='";
      errors.push(invalidValue(`${at}.name`, name, why));
    }
    if (variable['valueFrom']) errors.push(...validateValueFrom(variable, `${at}.valueFrom`));
  }
  return errors;
}

const NO_SOURCE = 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`';

function validateValueFrom({ value, valueFrom }: Plain, at: string): FieldError[] {
  const errors: FieldError[] = [];
  if (value) errors.push(invalidValue(at, '', 'may not be specified when `value` is not empty'));
  if (Object.keys(valueFrom as Plain).length === 0) errors.push(invalidValue(at, '', NO_SOURCE));
  for (const source of ['secretKeyRef', 'configMapKeyRef']) {
    const reference = valueFrom[source] as Plain | undefined;
    if (!reference) continue;
    for (const key of ['key', 'name']) if (!reference[key]) errors.push(required(`${at}.${source}.${key}`));
  }
  return errors;
}

function validateMounts(mounts: Plain[], path: string, volumes: Plain[]): FieldError[] {
  const errors: FieldError[] = [];
  const points = new Set<string>();
  for (const [index, mount] of mounts.entries()) {
    const at = `${path}[${index}]`;
    const { name, mountPath } = mount;
    if (!name) errors.push(required(`${at}.name`));
    else if (!volumes.some((volume) => volume['name'] === name)) {
      errors.push({ reason: 'FieldValueNotFound', field: `${at}.name`, message: `Not found: ${JSON.stringify(name)}` });
    }
    if (!mountPath) errors.push(required(`${at}.mountPath`));
    else if (points.has(String(mountPath))) errors.push(invalidValue(`${at}.mountPath`, mountPath, 'must be unique'));
    points.add(String(mountPath));
    const subPath = mount['subPath'] as string | undefined;
    if (subPath?.startsWith('/')) errors.push(invalidValue(`${at}.subPath`, subPath, 'must be a relative path'));
    if (subPath?.split('/').includes('..'))
      errors.push(invalidValue(`${at}.subPath`, subPath, "must not contain '..'"));
  }
  return errors;
}

function validateResources(resources: Plain, path: string): FieldError[] {
  const { limits = {}, requests = {} } = resources as Record<'limits' | 'requests', Record<string, string> | undefined>;
  const errors = [...validateAmounts(limits, `${path}.limits`), ...validateAmounts(requests, `${path}.requests`)];
  for (const [name, text] of Object.entries(requests)) {
    const limit = limits[name];
    if (limit === undefined || !((parseQuantity(text) ?? 0) > (parseQuantity(limit) ?? 0))) continue;
    errors.push(invalidValue(`${path}.requests`, text, `must be less than or equal to ${name} limit of ${limit}`));
  }
  return errors;
}

function validateAmounts(amounts: Record<string, string>, at: string): FieldError[] {
  const bad = Object.entries(amounts).filter(([, text]) => !((parseQuantity(text) ?? -1) >= 0));
  return bad.map(([name, text]) => invalidValue(`${at}[${name}]`, text, 'must be greater than or equal to 0'));
}

const HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'grpc'];

function validateProbe(probe: Plain, path: string): FieldError[] {
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
  ]) {
    if (probe[name] < 0)
      errors.push(invalidValue(`${path}.${name}`, probe[name], 'must be greater than or equal to 0'));
  }
  const mustBeOne = path.endsWith('livenessProbe') || path.endsWith('startupProbe');
  if (mustBeOne && probe['successThreshold'] !== 1)
    errors.push(invalidValue(`${path}.successThreshold`, probe['successThreshold'], 'must be 1'));
  return errors;
}

const CHANGEABLE =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

/** What of a running pod may change: images, a shorter deadline, added tolerations, and the node once (by binding). */
export function validatePodUpdate(next: Plain, stored: Plain): FieldError[] {
  const allowed = structuredClone(next['spec']) as Plain;
  const old = stored['spec'] as Plain;
  for (const list of ['containers', 'initContainers']) {
    const containers = (allowed[list] ?? []) as Plain[];
    if (containers.length !== (old[list] ?? []).length) {
      return [forbiddenField(`spec.${list}`, `pod updates may not add or remove containers`)];
    }
    for (const [index, container] of containers.entries()) container['image'] = old[list][index].image;
  }
  keepOrDrop(allowed, 'activeDeadlineSeconds', old);
  if (old['nodeName'] === undefined) delete allowed['nodeName'];
  if (includesAll((allowed['tolerations'] ?? []) as unknown[], (old['tolerations'] ?? []) as unknown[]))
    keepOrDrop(allowed, 'tolerations', old);
  return isDeepStrictEqual(allowed, old) ? [] : [forbiddenField('spec', CHANGEABLE)];
}

function keepOrDrop(target: Plain, key: string, source: Plain): void {
  if (source[key] === undefined) delete target[key];
  else target[key] = source[key];
}

const includesAll = (list: unknown[], wanted: unknown[]): boolean =>
  wanted.every((each) => list.some((other) => isDeepStrictEqual(each, other)));
