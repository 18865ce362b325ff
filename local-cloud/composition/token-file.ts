/**
 * The access token that gcloud (and through it kubectl's plug-in) presents, in a file
 * that is renewed before the token expires.
 */
import { join } from 'node:path';
import type { LocalContext } from '../context.ts';
import { replaceText } from '../disk.ts';
import type { RunningIdentity } from '../identity/identity.ts';
import type { StopList } from './stop-list.ts';

const lifeSeconds = 12 * 3600;
const renewMs = 3600 * 1000;

export function createTokenFile(context: LocalContext, identity: RunningIdentity, stopList: StopList): string {
  const file = join(context.stateDir, 'access-token');
  let cancel = (): void => {};
  const renew = (): void => {
    replaceText(file, identity.issueToken(lifeSeconds), 0o600);
    cancel = context.clock.after(renewMs, renew);
  };
  renew();
  stopList.add(() => cancel());
  return file;
}
