/** Shows a job's life: every decision once, and on a terminal a last line that renews itself; elsewhere plain lines. */
import type { Decision } from '../functions/job/job-record.ts';
import type { JobStatus } from '../functions/job/job-status.ts';
import { eraseRows, paint, terminal, terminalText, type Words } from './output.ts';
import { liveLine, summaryLine } from './render-status.ts';

/** Decisions that only say that all goes on are not news for a terminal. */
const QUIET = new Set(['keep', 'wait']);
const REDRAW_MS = 1000;
const DEFAULT_COLUMNS = 100;

type Say = (line: Words) => void;

export interface LiveView {
  show(status: JobStatus): void;
  /** Leaves the terminal as it should be: nothing half written. */
  close(): void;
}

export function liveView(say: Say): LiveView {
  return process.stdout.isTTY === true && process.env['CI'] === undefined ? terminalView(say) : plainView(say);
}

function plainView(say: Say): LiveView {
  const news = createNews();
  let last = '';
  return {
    show(status) {
      news(status).forEach((line) => say(line));
      const line = summaryLine(status);
      if (line !== last) say(`${elapsed(status, status.updatedAt)} ${line}`);
      last = line;
    },
    close() {},
  };
}

/**
 * The last line is cut to the window's width as it is at that moment, so it never wraps,
 * and a wrapped line is never left behind.
 */
function terminalView(say: Say): LiveView {
  const news = createNews();
  let current: JobStatus | null = null;
  let isClosed = false;
  let drawn = 0;
  const columns = (): number => process.stdout.columns || DEFAULT_COLUMNS;
  /** A window made narrower meanwhile has wrapped the line over several rows. */
  const erase = (): void => {
    const above = Math.max(0, Math.ceil(drawn / columns()) - 1);
    if (drawn > 0) eraseRows(above);
    drawn = 0;
  };
  const draw = (): void => {
    if (current === null) return;
    const clock = elapsed(current, new Date().toISOString());
    const line = liveLine(current, columns() - clock.length - 2);
    erase();
    terminal.out(terminalText([paint('dim', clock), ` ${line}`]));
    drawn = clock.length + 1 + line.length;
  };
  const timer = setInterval(draw, REDRAW_MS).unref();
  const close = (): void => {
    clearInterval(timer);
    isClosed = true;
    erase();
    current = null;
  };
  return {
    show(status) {
      if (isClosed) return;
      erase();
      news(status).forEach((line) => say(line));
      current = status;
      draw();
      if (status.ended) close();
    },
    close,
  };
}

/**
 * Decisions not yet told, as lines. One that a later pass repeats is not news; those of earlier attempts are history.
 */
function createNews(): (status: JobStatus) => Words[] {
  const told = new Set<string>();
  let latest = '';
  return (status) => {
    const lines: Words[] = [];
    for (const decision of status.decisions) {
      if (decision.at < status.attemptStartedAt || QUIET.has(decision.what)) continue;
      const key = JSON.stringify([decision.at, decision.what, decision.code]);
      const kind = JSON.stringify([decision.what, decision.code]);
      if (told.has(key)) continue;
      told.add(key);
      if (kind !== latest) lines.push(decisionLine(status, decision));
      latest = kind;
    }
    return lines;
  };
}

function decisionLine(status: JobStatus, { at, what, text }: Decision): Words {
  const isPhase = what.startsWith('phase');
  return [paint('dim', elapsed(status, at)), ' ', paint(isPhase ? ['bold', 'cyan'] : 'gray', what), `: ${text}`];
}

/** Minutes and seconds since the attempt began, by the functions' own times. */
function elapsed(status: JobStatus, at: string): string {
  const seconds = Math.max(0, Math.round((Date.parse(at) - Date.parse(status.attemptStartedAt)) / 1000));
  return `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`;
}
