/**
 * The kubeconfig that KUBECONFIG of the printed environment names: one context per running cluster,
 * named as `gcloud container clusters get-credentials` names it, the newest one current. Entries
 * that others have put into the file stay.
 */
import { readFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import * as z from 'zod';
import { replaceText } from '../disk.ts';

/** Where the installation keeps its objects: the default of the contexts. */
const namespace = 'foreach-fleet';

export interface ClusterAccess {
  projectId: string;
  location: string;
  name: string;
  url: string;
  caPem: string;
}

/** kubectl writes `null` for a list without entries. */
const entries = z
  .array(z.looseObject({ name: z.string() }))
  .nullish()
  .transform((list) => list ?? []);

/** What others keep in the file besides (preferences, extensions) stays. */
const kubeconfig = z.looseObject({
  apiVersion: z.string().default('v1'),
  kind: z.string().default('Config'),
  'current-context': z.string().default(''),
  clusters: entries,
  users: entries,
  contexts: entries,
});
type Kubeconfig = z.infer<typeof kubeconfig>;
type Named = Kubeconfig['clusters'][number];

export class KubeconfigFile {
  readonly #file: string;
  readonly #tokenFile: string;

  constructor(file: string, tokenFile: string) {
    this.#file = file;
    this.#tokenFile = tokenFile;
  }

  add(access: ClusterAccess): void {
    const name = contextName(access);
    const config = without(this.#read(), name);
    const cluster = { server: access.url, 'certificate-authority-data': Buffer.from(access.caPem).toString('base64') };
    config.clusters.push({ name, cluster });
    // kubectl reads the file anew as the token is renewed; the JavaScript client knows only `token`.
    config.users.push({ name, user: { token: readFileSync(this.#tokenFile, 'utf8'), tokenFile: this.#tokenFile } });
    config.contexts.push({ name, context: { cluster: name, user: name, namespace } });
    config['current-context'] = name;
    this.#write(config);
  }

  remove(access: Pick<ClusterAccess, 'projectId' | 'location' | 'name'>): void {
    this.#write(without(this.#read(), contextName(access)));
  }

  #read(): Kubeconfig {
    try {
      return kubeconfig.parse(parse(readFileSync(this.#file, 'utf8')) ?? {});
    } catch {
      return kubeconfig.parse({});
    }
  }

  #write(config: Kubeconfig): void {
    replaceText(this.#file, stringify(config), 0o600);
  }
}

function contextName({ projectId, location, name }: Pick<ClusterAccess, 'projectId' | 'location' | 'name'>): string {
  return `gke_${projectId}_${location}_${name}`;
}

function without(config: Kubeconfig, name: string): Kubeconfig {
  const rest = (entries: Named[]): Named[] => entries.filter((entry) => entry.name !== name);
  const contexts = rest(config.contexts);
  const wasCurrent = config['current-context'] === name;
  return {
    ...config,
    clusters: rest(config.clusters),
    users: rest(config.users),
    contexts,
    'current-context': wasCurrent ? (contexts.at(-1)?.name ?? '') : config['current-context'],
  };
}
