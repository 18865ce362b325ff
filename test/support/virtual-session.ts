/** A command's session on buckets in memory, and what it says there: for commands that need no cloud. */
import type { Command } from '../../cli/command.ts';
import { explain } from '../../cli/explain.ts';
import type { Session } from '../../cli/session.ts';
import { newRecord } from '../../functions/job/job-record.ts';
import { type JobStatus, statusView } from '../../functions/job/job-status.ts';
import { paths } from '../../functions/job/names.ts';
import { VirtualBucket } from '../../testing/virtual-bucket.ts';
import type { Ran } from './command.ts';

export interface VirtualSession extends Session {
  buckets: Session['buckets'] & Record<'uploads' | 'state' | 'results', VirtualBucket>;
}

/** As of an installation in the cloud; a test that wants a local one gives its endpoints. */
export function virtualSession(changes: Partial<Pick<Session, 'local' | 'endpoints'>> = {}): VirtualSession {
  const world = { nowMs: 0, generation: 0, check: () => undefined, after: () => undefined };
  const bucket = (name: string): VirtualBucket => new VirtualBucket(name, world);
  const buckets = { uploads: bucket('uploads'), state: bucket('state'), results: bucket('results'), foreign: bucket };
  return { local: false, endpoints: null, uploadsBucket: 'uploads', resultsBucket: 'results', buckets, ...changes };
}

/** Writes the status of a job, as a pass would. */
export async function tellStatus(session: Session, job: string, changes: Partial<JobStatus>): Promise<void> {
  const status = { ...statusView(newRecord(job, '2026-11-23T12:00:00.000Z'), 0, '1'), ...changes };
  await session.buckets.uploads.write(paths.status(job), JSON.stringify(status), { contentType: 'application/json' });
}

/** Runs a command there; `words` are its arguments. */
export async function runOn(
  session: Session,
  command: Command,
  { json = false, options = {}, words = [] }: { json?: boolean; options?: Record<string, unknown>; words?: string[] },
): Promise<Ran & { thrown: { code: string; remedy: string } | null }> {
  const ran = { code: 0, out: '', err: '', thrown: null as { code: string; remedy: string } | null };
  const context = {
    json,
    state: undefined,
    say: (line = '') => void (ran.out += `${line}\n`),
    sayJson: (value: unknown) => void (ran.out += JSON.stringify(value)),
    note: (line: string) => void (ran.err += `${line}\n`),
    session: async () => session,
  };
  try {
    ran.code = (await command.run(context, options, ...words)) ?? 0;
  } catch (error) {
    const { exitCode, ...thrown } = explain(error);
    ran.code = exitCode;
    ran.thrown = thrown;
  }
  return ran;
}
