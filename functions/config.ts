/**
 * The environment of the deployed functions as one checked value. The only reader of
 * process.env; all problems are reported at once.
 */
import { z } from 'zod';

const text = z.string().min(1);
const endpoint = z.url({ protocol: /^https?$/ }).optional();

const schema = z.object({
  GOOGLE_CLOUD_PROJECT: text,
  FF_INSTALLATION: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,30}$/, 'must be lower-case letters, digits and hyphens, 31 characters at most'),
  FF_UPLOADS_BUCKET: text,
  FF_STATE_BUCKET: text,
  FF_RESULTS_BUCKET: text,
  FF_LOCATIONS: text.transform((list) => list.split(',').map((zone) => zone.trim())),
  FF_WORKER_IMAGE: z.string().regex(/@sha256:[0-9a-f]{64}$/, 'must be pinned by digest'),
  FF_REDIS_IMAGE: z.string().regex(/@sha256:[0-9a-f]{64}$/, 'must be pinned by digest'),
  FF_NOTICES_TOPIC: text,
  FF_WEBHOOK_SECRET: text.optional(),
  FF_NODE_SERVICE_ACCOUNT: text.optional(),
  FF_NETWORK: text.optional(),
  FF_SUBNETWORK: text.optional(),
  FF_ALLOWED_BUCKETS: z.string().default('').transform(splitList),
  FF_ALLOWED_REGISTRIES: z.string().default('').transform(splitList),
  FF_MAX_CLUSTERS: z.coerce.number().int().min(1).max(1000).default(10),
  FF_STORAGE_ENDPOINT: endpoint,
  FF_CONTAINER_ENDPOINT: endpoint,
  FF_COMPUTE_ENDPOINT: endpoint,
  FF_SIGNING_ENDPOINT: endpoint,
});

export interface Config {
  projectId: string;
  installation: string;
  buckets: { uploads: string; state: string; results: string };
  /** Zones, in order of preference. */
  locations: string[];
  workerImage: string;
  redisImage: string;
  noticesTopic: string;
  /** Signs what webhooks are told; null: nothing is signed. */
  webhookSecret: string | null;
  nodeServiceAccount: string | null;
  network: string | null;
  subnetwork: string | null;
  allowedBuckets: string[];
  allowedRegistries: string[];
  maxClusters: number;
  /** Null: Google's own. Set on a laptop, and nothing else differs there. */
  endpoints: { storage: string | null; container: string | null; compute: string | null; signing: string | null };
}

/** @throws Error naming every variable that is missing or wrong; values are not printed. */
export function readConfig(env: Readonly<Record<string, string | undefined>> = process.env): Config {
  const parsed = schema.safeParse(env);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new Error(`FF-CONFIG: the functions' environment is not usable:\n  ${problems.join('\n  ')}`);
  }
  const value = parsed.data;
  return {
    projectId: value.GOOGLE_CLOUD_PROJECT,
    installation: value.FF_INSTALLATION,
    buckets: { uploads: value.FF_UPLOADS_BUCKET, state: value.FF_STATE_BUCKET, results: value.FF_RESULTS_BUCKET },
    locations: value.FF_LOCATIONS,
    workerImage: value.FF_WORKER_IMAGE,
    redisImage: value.FF_REDIS_IMAGE,
    noticesTopic: value.FF_NOTICES_TOPIC,
    webhookSecret: value.FF_WEBHOOK_SECRET ?? null,
    nodeServiceAccount: value.FF_NODE_SERVICE_ACCOUNT ?? null,
    network: value.FF_NETWORK ?? null,
    subnetwork: value.FF_SUBNETWORK ?? null,
    allowedBuckets: value.FF_ALLOWED_BUCKETS,
    allowedRegistries: value.FF_ALLOWED_REGISTRIES,
    maxClusters: value.FF_MAX_CLUSTERS,
    endpoints: {
      storage: value.FF_STORAGE_ENDPOINT ?? null,
      container: value.FF_CONTAINER_ENDPOINT ?? null,
      compute: value.FF_COMPUTE_ENDPOINT ?? null,
      signing: value.FF_SIGNING_ENDPOINT ?? null,
    },
  };
}

function splitList(list: string): string[] {
  return list
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}
