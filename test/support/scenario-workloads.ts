/** The workloads of the controller scenarios: one container that only a stand-in for a kubelet ever runs. */

const main = (cpu: string): Record<string, unknown> => ({
  name: 'main',
  image: 'registry.example/worker:1',
  resources: { requests: { cpu, memory: '64Mi' } },
});

interface Asked {
  replicas: number;
  cpu?: string;
  annotations?: Record<string, string>;
}

export function deployment(pool: string, { replicas, cpu = '100m', annotations = {} }: Asked): Record<string, any> {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web', full: 'yes' }, annotations },
        spec: { nodeSelector: { pool }, terminationGracePeriodSeconds: 1, containers: [main(cpu)] },
      },
    },
  };
}

export function job(pool: string, exit: string | undefined, spec: Record<string, unknown>): Record<string, any> {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'sum' },
    spec: {
      ...spec,
      template: {
        metadata: { annotations: exit === undefined ? {} : { 'scenario/exit': exit } },
        spec: {
          nodeSelector: { pool },
          restartPolicy: 'Never',
          terminationGracePeriodSeconds: 1,
          containers: [main('100m')],
        },
      },
    },
  };
}
