/**
 * Environments that point programs at the local cloud: the functions' own, and the one for the user's
 * terminal (gcloud, kubectl, our command).
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { compileCacheDir } from './compile-cache.ts';
import type { Installation } from './installation.ts';
import { topics } from './installation.ts';

export interface ServiceUrls {
  storage: string;
  container: string;
  compute: string;
  serviceUsage: string;
  /** host:port of the metadata server; signing is on the same port. */
  metadataHost: string;
  pubsubHost: string;
}

export interface EnvironmentInput {
  projectId: string;
  stateDir: string;
  installation: Installation;
  urls: ServiceUrls;
  serviceAccount: string;
  locations: string[];
}

/**
 * Complete: nothing of the user's own environment reaches the functions, least of all credentials for the real cloud.
 */
export function functionsEnvironment(input: EnvironmentInput): Record<string, string> {
  const { urls, installation } = input;
  const home = join(input.stateDir, 'functions-home');
  mkdirSync(home, { recursive: true });
  return {
    ...passedOn(),
    TZ: 'UTC',
    HOME: home,
    CLOUDSDK_CONFIG: join(home, 'gcloud'),
    NODE_COMPILE_CACHE: compileCacheDir,
    GOOGLE_CLOUD_PROJECT: input.projectId,
    FF_INSTALLATION: 'local',
    FF_UPLOADS_BUCKET: installation.buckets.uploads,
    FF_STATE_BUCKET: installation.buckets.state,
    FF_RESULTS_BUCKET: installation.buckets.results,
    FF_LOCATIONS: input.locations.join(','),
    FF_WORKER_IMAGE: installation.images.worker,
    FF_REDIS_IMAGE: installation.images.redis,
    FF_NOTICES_TOPIC: topics.notices,
    FF_NODE_SERVICE_ACCOUNT: `foreach-fleet-node@${input.projectId}.iam.gserviceaccount.com`,
    FF_NETWORK: 'foreach-fleet',
    FF_SUBNETWORK: 'foreach-fleet',
    FF_SERVICE_ACCOUNT_EMAIL: input.serviceAccount,
    FF_STORAGE_ENDPOINT: urls.storage,
    FF_CONTAINER_ENDPOINT: urls.container,
    FF_COMPUTE_ENDPOINT: urls.compute,
    FF_SIGNING_ENDPOINT: `http://${urls.metadataHost}`,
    PUBSUB_EMULATOR_HOST: urls.pubsubHost,
    GCE_METADATA_HOST: urls.metadataHost,
    METADATA_SERVER_DETECTION: 'assume-present',
  };
}

/** What programs need to run at all, and what a test's network guard needs to watch the functions too. */
function passedOn(): Record<string, string> {
  const names = ['PATH', 'LANG', 'NODE_OPTIONS', 'FF_TEST_NETWORK_REPORT'];
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

/**
 * For a terminal. gcloud and kubectl keep their settings in the state directory: those
 * of the user are neither used nor changed.
 */
export function clientEnvironment(
  input: EnvironmentInput & { tokenFile: string; adminUrl: string },
): Record<string, string> {
  const { urls, installation } = input;
  return {
    CLOUDSDK_CONFIG: join(input.stateDir, 'gcloud'),
    CLOUDSDK_CORE_PROJECT: input.projectId,
    CLOUDSDK_COMPUTE_ZONE: input.locations[0] ?? '',
    CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: input.tokenFile,
    CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: `${urls.storage}/storage/v1/`,
    CLOUDSDK_API_ENDPOINT_OVERRIDES_CONTAINER: `${urls.container}/`,
    CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE: `${urls.compute}/compute/v1/`,
    CLOUDSDK_API_ENDPOINT_OVERRIDES_SERVICEUSAGE: `${urls.serviceUsage}/`,
    CLOUDSDK_CORE_CHECK_GCE_METADATA: 'false',
    CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: 'true',
    CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK: 'true',
    CLOUDSDK_SURVEY_DISABLE_PROMPTS: 'true',
    KUBECONFIG: join(input.stateDir, 'kubeconfig'),
    PUBSUB_EMULATOR_HOST: urls.pubsubHost,
    FF_STATE_DIR: input.stateDir,
    FF_ADMIN_URL: input.adminUrl,
    GOOGLE_CLOUD_PROJECT: input.projectId,
    FF_UPLOADS_BUCKET: installation.buckets.uploads,
    FF_STATE_BUCKET: installation.buckets.state,
    FF_RESULTS_BUCKET: installation.buckets.results,
    FF_STORAGE_ENDPOINT: urls.storage,
    FF_CONTAINER_ENDPOINT: urls.container,
    FF_COMPUTE_ENDPOINT: urls.compute,
    FF_SIGNING_ENDPOINT: `http://${urls.metadataHost}`,
    GCE_METADATA_HOST: urls.metadataHost,
    METADATA_SERVER_DETECTION: 'assume-present',
  };
}

/** As lines for `eval "$(...)"`. */
export function exportLines(environment: Record<string, string>): string {
  return Object.entries(environment)
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", `'\\''`)}'`)
    .join('\n');
}
