/**
 * The one way for a test to say that it needs a program which set-up does not install: `{ skip:
 * needs('kubectl') }`. Where the program is missing, the line of the skipped test says what is missing and
 * which tests cover the same behaviour without it.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A script beside the project that hands out the provider without a network. */
export const providerCopy = fileURLToPath(new URL('../../../shared/terraform/offline-provider', import.meta.url));
/** A script beside the project that unpacks a whole control plane, controller manager and scheduler included. */
export const kubernetesScript = fileURLToPath(new URL('../../../shared/kube/kube', import.meta.url));
/** Folders of gcloud's Debian package that are not in PATH; several versions of kubectl lie there. */
const PACKAGE_FOLDERS = ['/usr/lib/google-cloud-sdk/bin'];

interface OptionalProgram {
  isThere(): boolean;
  /** What covers the behaviour where the program is missing. */
  readonly otherwise: string;
}

export const optionalPrograms = {
  kubectl: {
    isThere: () => kubectlFiles().length > 0,
    otherwise: 'the same requests are tested with @kubernetes/client-node and plain HTTPS',
  },
  gcloud: {
    isThere: () => findProgram('gcloud') !== undefined,
    otherwise: 'the same requests are tested with the @google-cloud clients',
  },
  'gke-gcloud-auth-plugin': {
    isThere: () => findProgram('gke-gcloud-auth-plugin') !== undefined,
    otherwise: "access to clusters is tested with the functions' own client",
  },
  terraform: {
    isThere: () => findProgram('terraform') !== undefined,
    otherwise: 'nothing else reads the configuration; the functions are tested with the values that it sets',
  },
  "terraform's google provider": {
    isThere: () => existsSync(providerCopy) || existsSync(process.env['TF_CLI_CONFIG_FILE'] ?? ''),
    otherwise: 'nothing else reads the configuration; the functions are tested with the values that it sets',
  },
  'kube-apiserver': {
    isThere: () => realKubernetesFolder() !== undefined || existsSync(kubernetesScript),
    otherwise: 'the same suites run against the embedded API server',
  },
  'kube-controller-manager': {
    isThere: () => {
      const folder = realKubernetesFolder();
      return folder === undefined
        ? existsSync(kubernetesScript)
        : isExecutable(join(folder, 'kube-controller-manager'));
    },
    otherwise: 'the same suites run against the embedded controllers',
  },
  'process namespaces': {
    isThere: () => spawnSync('unshare', ['-pf', '--mount-proc', 'true']).status === 0,
    otherwise: 'the same signal is tested with a worker that is not the first process',
  },
} satisfies Record<string, OptionalProgram>;

export type ProgramName = keyof typeof optionalPrograms;

/** false, or the reason to skip: a value for node:test's `skip`. */
export function needs(...names: ProgramName[]): string | false {
  const missing = names.filter((name) => !optionalPrograms[name].isThere());
  if (missing.length === 0) return false;
  const reasons = missing.map((name) => `${name} is not installed (${optionalPrograms[name].otherwise})`);
  return reasons.join('; ');
}

/** Where a program is, as a shell would find it, or in a folder of gcloud's package. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...PACKAGE_FOLDERS];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** The oldest and the newest kubectl of gcloud's package where they are, else whatever kubectl there is. */
export function kubectlFiles(): string[] {
  const found = (...names: string[]): string[] => names.flatMap((name) => findProgram(name) ?? []);
  const versions = found('kubectl.1.27', 'kubectl.1.33');
  return versions.length > 0 ? versions : found('kubectl');
}

/** The folder that KUBEBUILDER_ASSETS names, when it holds an API server: what `setup-envtest` leaves. */
export function realKubernetesFolder(): string | undefined {
  const folder = process.env['KUBEBUILDER_ASSETS'];
  return folder !== undefined && isExecutable(join(folder, 'kube-apiserver')) ? folder : undefined;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
