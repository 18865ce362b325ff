/**
 * Versions that the service claims to offer. The API server behind is always the
 * same; only the reported version differs.
 */
import { DEFAULT_VERSION, MASTER_VERSIONS } from './cluster-spec.ts';
import type { Json } from '../wire/proto-schema.ts';

export function serverConfig(): Json {
  return {
    defaultClusterVersion: DEFAULT_VERSION,
    validMasterVersions: MASTER_VERSIONS,
    validNodeVersions: MASTER_VERSIONS,
    defaultImageType: 'COS_CONTAINERD',
    validImageTypes: ['COS_CONTAINERD', 'UBUNTU_CONTAINERD'],
    channels: ['RAPID', 'REGULAR', 'STABLE'].map((channel) => ({
      channel,
      defaultVersion: DEFAULT_VERSION,
      validVersions: MASTER_VERSIONS,
    })),
  };
}
