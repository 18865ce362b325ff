/** cancel, pause, resume, approve: a file in the bucket, as any other client could write it. */
import { paths } from '../functions/job/names.ts';
import type { ControlKind } from '../functions/job/action.ts';
import { reach, type Session } from './session.ts';

export async function request(session: Session, job: string, kind: ControlKind): Promise<void> {
  const text = JSON.stringify({ requestedAt: new Date().toISOString() });
  await reach(session, () =>
    session.buckets.uploads.write(paths.control(job, kind), text, { contentType: 'application/json' }),
  );
}
