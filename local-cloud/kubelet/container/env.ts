/**
 * Environment of a container: pure rules of Kubernetes for $(VAR), Service
 * variables, and which Services a container names.
 */
import type { Service } from '../types.ts';

/** Replaces $(NAME) by a known variable; unknown ones stay as they are, $$ is an escaped $. */
export function expand(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(/\$(?:\$|\(([^()]*)\))/g, (whole, name: string | undefined) => {
    if (name === undefined) return '$';
    return (Object.hasOwn(variables, name) ? variables[name] : undefined) ?? whole;
  });
}

function serviceVariablePrefix(serviceName: string): string {
  return serviceName.toUpperCase().replaceAll('-', '_');
}

/** A Service that has variables at all: headless ones and aliases have none. */
export function hasVariables(service: Service): boolean {
  const clusterIp = service.spec?.clusterIP;
  return service.spec?.type !== 'ExternalName' && clusterIp !== 'None' && (service.spec?.ports?.length ?? 0) > 0;
}

/** Whether one of the texts names a variable of the Service, be it `$(X)` or in a shell script. */
export function mentionsService(serviceName: string, texts: string[]): boolean {
  const pattern = new RegExp(`(?<![A-Z0-9_])${serviceVariablePrefix(serviceName)}_(?:SERVICE_HOST|SERVICE_PORT|PORT)`);
  return texts.some((text) => pattern.test(text));
}

export interface ServiceTarget {
  host: string;
  /** Port of the pod for each port of the Service, in their order. */
  ports: number[];
}

/** The variables that every kubelet gives for a Service, with the address of a pod in place of the virtual one. */
export function serviceVariables(service: Service, target: ServiceTarget): Record<string, string> {
  const prefix = serviceVariablePrefix(service.metadata?.name ?? '');
  const ports = service.spec?.ports ?? [];
  const variables: Record<string, string> = { [`${prefix}_SERVICE_HOST`]: target.host };
  for (const [index, port] of ports.entries()) {
    const number = target.ports[index] ?? port.port;
    const protocol = port.protocol ?? 'TCP';
    const url = `${protocol.toLowerCase()}://${target.host}:${number}`;
    if (index === 0) Object.assign(variables, { [`${prefix}_SERVICE_PORT`]: `${number}`, [`${prefix}_PORT`]: url });
    if (port.name) variables[`${prefix}_SERVICE_PORT_${serviceVariablePrefix(port.name)}`] = `${number}`;
    const link = `${prefix}_PORT_${port.port}_${protocol}`;
    Object.assign(variables, {
      [link]: url,
      [`${link}_PROTO`]: protocol.toLowerCase(),
      [`${link}_PORT`]: `${number}`,
      [`${link}_ADDR`]: target.host,
    });
  }
  return variables;
}
