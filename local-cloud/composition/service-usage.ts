/** Service Usage, as far as gcloud asks before it creates a cluster: every API is enabled. Nothing else is offered. */
import type { LocalContext } from '../context.ts';
import { startGoogleHttp, type RunningHttp } from '../identity/google-http.ts';

const servicePath = /^\/v1\/projects\/([^/]+)\/services\/([^/:]+)$/;

export function startServiceUsage(context: LocalContext, options: { port: number }): Promise<RunningHttp> {
  return startGoogleHttp(context, {
    service: 'serviceusage',
    port: options.port,
    route: ({ method, path }) => {
      const match = method === 'GET' ? servicePath.exec(path) : null;
      if (!match) return undefined;
      const name = `projects/${match[1]}/services/${match[2]}`;
      return {
        name: 'services.get',
        run: () => ({
          body: { name, parent: `projects/${context.projectNumber}`, config: { name: match[2] }, state: 'ENABLED' },
        }),
      };
    },
  });
}
