/** Pure: a job's status as lines for people. */
import type { JobStatus } from '../functions/job/job-status.ts';
import { bytes, duration, usd } from './output.ts';

const BAR_WIDTH = 24;

/** One line that says it all: phase, machines, workers, tasks, time left, cost. */
export function summaryLine(status: JobStatus): string {
  const { tasks, workers, machines, cost } = status;
  const total = tasks.total === null ? '?' : String(tasks.total);
  const parts = [
    status.phase.padEnd(9),
    `machines ${machines.wanted}`,
    `workers ${workers.busy + workers.idle}/${workers.wanted} (${workers.busy} busy)`,
    `tasks ${tasks.done}/${total} done, ${openText(status)}${tasks.failed} failed`,
    `${tasks.inBucket} saved`,
    status.secondsLeft === null || status.ended ? '' : `${duration(status.secondsLeft)} left`,
    `about ${usd(cost.usd)}`,
  ];
  return parts.filter((part) => part !== '').join(' | ');
}

function openText({ tasks, ended }: JobStatus): string {
  if (!ended) return `${tasks.running} running, ${tasks.waiting} waiting, `;
  return tasks.waiting > 0 ? `${tasks.waiting} never finished, ` : '';
}

/** The same in at most `width` characters: what matters least is left out first, and the rest is cut. */
export function liveLine(status: JobStatus, width: number): string {
  const { tasks, workers, machines, cost } = status;
  const left = status.secondsLeft === null || status.ended ? '' : `${duration(status.secondsLeft)} left`;
  const failed = tasks.failed > 0 ? `${tasks.failed} failed` : '';
  const short = [
    status.phase,
    `${machines.wanted} machines`,
    `${workers.busy}/${workers.wanted} workers busy`,
    `${tasks.done}/${tasks.total ?? '?'} tasks`,
    failed,
    left,
    usd(cost.usd),
  ];
  const shortest = [status.phase, `${tasks.done}/${tasks.total ?? '?'} tasks`, failed, left, usd(cost.usd)];
  const joined = (parts: string[]): string => parts.filter((part) => part !== '').join(' | ');
  const fitting = [summaryLine(status), joined(short)].find((form) => form.length <= width);
  return fitting ?? joined(shortest).slice(0, Math.max(0, width));
}

/** Several lines: the summary, each loop with a bar, what it waits for, why it ended. */
export function statusLines(status: JobStatus): string[] {
  const { results, errors } = status;
  const named = results.outputs.map((output) => `${output.name} (${bytes(output.bytes)})`);
  const files = [...named, ...(results.outputsLeftOut > 0 ? [`${results.outputsLeftOut} more`] : [])].join(', ');
  return [
    `job ${status.job}, attempt ${status.attempt}: ${status.phase}`,
    `  ${summaryLine(status)}`,
    ...status.loops.flatMap((loop) => [
      `  ${loopLine(loop)}`,
      ...[loop.reuse, loop.strays].flatMap((note) => (note === undefined ? [] : [`    ${note}`])),
    ]),
    ...(status.waitingFor ? [`  waiting for ${status.waitingFor}`] : []),
    ...reasonLines(status),
    ...forecastLines(status),
    ...(errors.count > 0
      ? [
          `  ${errors.count} error ${errors.count === 1 ? 'report' : 'reports, one a try'}: ` +
            `foreach-fleet errors ${status.job}`,
        ]
      : []),
    ...warningLines(status).map((line) => `  ${line}`),
    ...(files === '' ? [] : [`  files: ${files}`]),
  ];
}

/** None, or one: they are no errors, and what they say is written when their loop ends. */
export function warningLines({ job, warnings }: JobStatus): string[] {
  const logs = `foreach-fleet logs ${job} --role driver`;
  return warnings > 0
    ? [`${warnings} ${warnings === 1 ? 'warning' : 'warnings'} of iterations that succeeded: ${logs}`]
    : [];
}

/** Problems of the folder, or else why it ended; each with its remedy. */
function reasonLines({ problems, reason }: JobStatus): string[] {
  const listed = problems.flatMap((problem) => [
    `  ${[problem.code, problem.path].join(' ').trim()}: ${problem.message}`,
    `    what to do: ${problem.remedy}`,
  ]);
  if (listed.length > 0 || reason === null) return listed;
  const remedy = reason.remedy === null ? [] : [`    what to do: ${reason.remedy}`];
  return [`  ${reason.code === 'done' ? '' : `${reason.code}: `}${reason.message}`, ...remedy];
}

function forecastLines({ cost, ended }: JobStatus): string[] {
  return cost.forecastUsd === null || ended
    ? []
    : [`  forecast ${usd(cost.forecastUsd)} of at most ${usd(cost.limitUsd ?? 0)}`];
}

function loopLine(loop: JobStatus['loops'][number]): string {
  const share = loop.total === null || loop.total === 0 ? 0 : (loop.done + loop.failed) / loop.total;
  const filled = Math.round(share * BAR_WIDTH);
  const bar = `${'█'.repeat(filled)}${'·'.repeat(BAR_WIDTH - filled)}`;
  const mean = loop.meanSeconds === null ? '' : `, ${loop.meanSeconds.toFixed(2)} s each`;
  const failed = loop.failed > 0 ? `, ${loop.failed} failed` : '';
  const reused = loop.reused > 0 ? ` (${loop.reused} reused)` : '';
  return `loop ${loop.loop} ${bar} ${loop.done}/${loop.total ?? '?'} done${reused}${failed}${mean}`;
}

/** The command a user most likely wants next. */
export function nextCommand(status: JobStatus): string {
  switch (status.phase) {
    case 'succeeded':
      return `foreach-fleet results ${status.job} --to DIR`;
    case 'failed':
      return status.problems.length > 0
        ? `correct the folder and submit it again`
        : `foreach-fleet errors ${status.job}   then, corrected: foreach-fleet resume ${status.job}`;
    case 'cancelled':
    case 'stopped':
    case 'paused':
      return `foreach-fleet resume ${status.job}`;
    case 'approval':
      return `foreach-fleet approve ${status.job}`;
    default:
      return `foreach-fleet watch ${status.job}`;
  }
}
