/** `watch ID`, and what `submit --watch` does after the upload. */
import type { Context } from './command.ts';
import { exitCodeOf, follow } from './follow.ts';
import { liveView } from './live-view.ts';
import { nextCommand, statusLines } from './render-status.ts';
import { readStatus, requireUpload, type Session } from './session.ts';

/**
 * Stays until the job has ended; answers the exit code. A job that no pass has looked at
 * yet is waited for, an unknown one is not.
 */
export async function watchJob(context: Context, session: Session, job: string): Promise<number> {
  if ((await readStatus(session, job)) === null) await requireUpload(session, job);
  const view = context.json ? null : liveView(context.say);
  const interrupted = (): void => {
    view?.close();
    context.say(`no longer watching; the job goes on. Watch again with: foreach-fleet watch ${job}`);
    process.exit(130);
  };
  if (!context.json) process.once('SIGINT', interrupted);
  try {
    const status = await follow(session, job, { onChange: (status) => view?.show(status) });
    if (context.json) context.sayJson(status);
    else [...statusLines(status), `next: ${nextCommand(status)}`].forEach((line) => context.say(line));
    return exitCodeOf(status);
  } finally {
    process.off('SIGINT', interrupted);
    view?.close();
  }
}
