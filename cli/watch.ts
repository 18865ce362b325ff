/** `watch ID`, and what `submit --watch` does after the upload. */
import { exitCodeOf, follow } from './follow.ts';
import { liveView } from './live-view.ts';
import { type GlobalOptions, say, sayJson } from './output.ts';
import { nextCommand, statusLines } from './render-status.ts';
import { readStatus, requireUpload, type Session } from './session.ts';

/**
 * Stays until the job has ended; answers the exit code. A job that no pass has looked at
 * yet is waited for, an unknown one is not.
 */
export async function watch(session: Session, job: string, options: GlobalOptions): Promise<number> {
  if ((await readStatus(session, job)) === null) await requireUpload(session, job);
  const view = options.json ? null : liveView();
  const interrupted = (): void => {
    view?.close();
    say(`no longer watching; the job goes on. Watch again with: foreach-fleet watch ${job}`);
    process.exit(130);
  };
  if (!options.json) process.once('SIGINT', interrupted);
  try {
    const status = await follow(session, job, { onChange: (now) => view?.show(now) });
    if (options.json) sayJson(status);
    else [...statusLines(status), `next: ${nextCommand(status)}`].forEach((line) => say(line));
    return exitCodeOf(status);
  } finally {
    process.off('SIGINT', interrupted);
    view?.close();
  }
}
