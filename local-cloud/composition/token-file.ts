/**
 * The access token that gcloud (and through it kubectl's plug-in) presents, in a file
 * that is renewed before the token expires.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LocalContext } from '../context.ts';
import type { RunningIdentity } from '../identity/identity.ts';
import type { StopList } from './stop-list.ts';

const lifeSeconds = 12 * 3600;
const renewMs = 3600 * 1000;

export function createTokenFile(context: LocalContext, identity: RunningIdentity, stopList: StopList): string {
  const file = join(context.stateDir, 'access-token');
  let cancel = (): void => {};
  const renew = (): void => {
    writeFileSync(`${file}.new`, identity.issueToken(lifeSeconds), { mode: 0o600 });
    renameSync(`${file}.new`, file);
    cancel = context.clock.after(renewMs, renew);
  };
  renew();
  stopList.add(() => cancel());
  return file;
}
