/** What the command prints about a job: pure functions of its status. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { errorLines, withRefutations } from '../../cli/error-reports.ts';
import { bytes, duration, usd } from '../../cli/output.ts';
import { liveLine, nextCommand, statusLines, summaryLine } from '../../cli/render-status.ts';
import { newRecord } from '../../functions/job/job-record.ts';
import { type JobStatus, statusView } from '../../functions/job/job-status.ts';
import { PHASES } from '../../functions/job/phase.ts';

const NOW = Date.parse('2026-11-23T12:10:00Z');

function statusOf(changes: Partial<JobStatus> = {}): JobStatus {
  return { ...statusView(newRecord('demo', '2026-11-23T12:00:00.000Z'), NOW, '1'), ...changes };
}

const running = statusOf({
  phase: 'running',
  machines: { wanted: 3, reason: 'work for more' },
  workers: { wanted: 6, busy: 5, idle: 1 },
  tasks: { total: 200, done: 40, running: 5, waiting: 154, failed: 1, reused: 10, inBucket: 39 },
  secondsLeft: 125,
  cost: { usd: 0.1234, forecastUsd: 0.5, limitUsd: 5, machineSeconds: 1800, pricesAsOf: '2026-11' },
  loops: [
    {
      loop: 1,
      label: '',
      total: 200,
      done: 99,
      failed: 1,
      running: 5,
      waiting: 95,
      reused: 10,
      meanSeconds: 1.256,
      ended: false,
    },
    {
      loop: 2,
      label: '',
      total: null,
      done: 0,
      failed: 0,
      running: 0,
      waiting: 0,
      reused: 0,
      meanSeconds: null,
      ended: false,
    },
  ],
});

describe('below its loop', () => {
  const notes = {
    reuse: '10 of 200 iterations reused; not reused: changed: code: 190',
    strays: 'a task wrote a.csv on worker w1: files of tasks are lost',
  };
  for (const [field, text] of Object.entries(notes)) {
    it(`${field} is told`, () => {
      const lines = statusLines({ ...running, loops: [{ ...running.loops[0]!, [field]: text }] });
      assert.ok(lines.includes(`    ${text}`), lines.join('\n'));
    });
  }
});

describe('quantities', () => {
  const durations: [seconds: number, text: string][] = [
    [-3, '0 s'],
    [0, '0 s'],
    [59.4, '59 s'],
    [59.6, '1 min 0 s'],
    [61, '1 min 1 s'],
    [3599.6, '1 h 0 min'],
    [86_400, '24 h 0 min'],
  ];
  for (const [seconds, text] of durations)
    it(`${seconds} s are "${text}"`, () => assert.equal(duration(seconds), text));

  const amounts: [amount: number, text: string][] = [
    [0, '0.0000 USD'],
    [0.00123, '0.0012 USD'],
    [0.0999, '0.0999 USD'],
    [0.1, '0.10 USD'],
    [12.345, '12.35 USD'],
  ];
  for (const [amount, text] of amounts) it(`${amount} is "${text}"`, () => assert.equal(usd(amount), text));

  const sizes: [count: number, text: string][] = [
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [1_048_575, '1.0 MiB'],
    [1536 * 1024, '1.5 MiB'],
    [5 * 1024 ** 5, '5120.0 TiB'],
  ];
  for (const [count, text] of sizes) it(`${count} bytes are "${text}"`, () => assert.equal(bytes(count), text));
});

describe('the line that says it all', () => {
  it('names phase, machines, workers, tasks, what is saved, time left and cost', () => {
    assert.equal(
      summaryLine(running),
      'running   | machines 3 | workers 6/6 (5 busy) | tasks 40/200 done, 5 running, 154 waiting, 1 ' +
        'failed | 39 saved | 2 min 5 s left | about 0.12 USD',
    );
  });

  it('leaves out what is not known, and the time left of a job that has ended', () => {
    assert.equal(
      summaryLine(statusOf({ phase: 'succeeded', ended: true, secondsLeft: 0 })),
      'succeeded | machines 0 | workers 0/0 (0 busy) | tasks 0/? done, 0 failed | 0 saved | about 0.0000 USD',
    );
  });

  const widths: [width: number, line: string][] = [
    [200, summaryLine(running)],
    [100, 'running | 3 machines | 5/6 workers busy | 40/200 tasks | 1 failed | 2 min 5 s left | 0.12 USD'],
    [70, 'running | 40/200 tasks | 1 failed | 2 min 5 s left | 0.12 USD'],
    [20, 'running | 40/200 tas'],
    [0, ''],
    [-5, ''],
  ];
  for (const [width, line] of widths)
    it(`fits into ${width} columns`, () => assert.equal(liveLine(running, width), line));
});

describe('the lines of status', () => {
  it('of a running job: summary, a bar for each loop, the forecast', () => {
    assert.deepEqual(statusLines(running), [
      'job demo, attempt 1: running',
      `  ${summaryLine(running)}`,
      '  loop 1 ████████████············ 99/200 done (10 reused), 1 failed, 1.26 s each',
      '  loop 2 ························ 0/? done',
      '  forecast 0.50 USD of at most 5.00 USD',
    ]);
  });

  const problem = { code: 'FF-SPEC-TYPE', path: 'script', message: 'script: must be text', remedy: 'Write text.' };
  const reason = { code: 'FF-SCRIPT-FAILED', message: 'object x not found', remedy: 'correct the script' };
  const file = { name: 'pi.csv', bytes: 417, sha256: 'ab' };
  const tables: [name: string, changes: Partial<JobStatus>, lines: string[]][] = [
    ['what it waits for', { waitingFor: 'a.csv (not uploaded yet)' }, ['  waiting for a.csv (not uploaded yet)']],
    [
      'each problem with its remedy, instead of the reason that repeats the first',
      { phase: 'failed', ended: true, problems: [problem], reason },
      ['  FF-SPEC-TYPE script: script: must be text', '    what to do: Write text.'],
    ],
    [
      'a problem of the file as a whole without a path',
      { phase: 'failed', ended: true, problems: [{ ...problem, path: '' }] },
      ['  FF-SPEC-TYPE: script: must be text', '    what to do: Write text.'],
    ],
    [
      'why it ended and what to do',
      { phase: 'failed', ended: true, reason },
      ['  FF-SCRIPT-FAILED: object x not found', '    what to do: correct the script'],
    ],
    [
      'a good end without a code',
      { phase: 'succeeded', ended: true, reason: { code: 'done', message: 'the script ended', remedy: null } },
      ['  the script ended'],
    ],
    [
      'how many errors, and its files',
      {
        errors: { count: 2, recent: [] },
        results: { prefix: 'demo/attempt-1/', outputs: [file], outputsLeftOut: 3, bytes: 417 },
      },
      ['  2 error reports, one a try: foreach-fleet errors demo', '  files: pi.csv (417 B), 3 more'],
    ],
    [
      'one report of an error in the singular',
      { errors: { count: 1, recent: [] } },
      ['  1 error report: foreach-fleet errors demo'],
    ],
  ];
  for (const [name, changes, lines] of tables)
    it(`say ${name}`, () => assert.deepEqual(statusLines(statusOf(changes)).slice(2), lines));
});

describe('the next command', () => {
  const problem = { code: 'FF-SPEC-TYPE', path: 'script', message: 'm', remedy: 'r' };
  const expected: Record<JobStatus['phase'], string> = {
    waiting: 'foreach-fleet watch demo',
    creating: 'foreach-fleet watch demo',
    starting: 'foreach-fleet watch demo',
    canary: 'foreach-fleet watch demo',
    approval: 'foreach-fleet approve demo',
    running: 'foreach-fleet watch demo',
    draining: 'foreach-fleet watch demo',
    deleting: 'foreach-fleet watch demo',
    succeeded: 'foreach-fleet results demo --to DIR',
    failed: 'foreach-fleet errors demo   then, corrected: foreach-fleet resume demo',
    cancelled: 'foreach-fleet resume demo',
    stopped: 'foreach-fleet resume demo',
    paused: 'foreach-fleet resume demo',
  };
  for (const phase of PHASES)
    it(`after ${phase}`, () => assert.equal(nextCommand(statusOf({ phase })), expected[phase]));

  it('after a folder that was refused', () => {
    assert.equal(
      nextCommand(statusOf({ phase: 'failed', problems: [problem] })),
      'correct the folder and submit it again',
    );
  });
});

describe('errors that were refuted', () => {
  it('are marked with the worker on which the iteration succeeded', () => {
    const reports = withRefutations([
      { loop: 1, iteration: 2, attempt: 1, worker: 'w1', message: 'no space left', final: true },
      { loop: 1, iteration: 3, attempt: 1, worker: 'w1', message: 'bad value', final: true },
      { loop: 1, iteration: 2, attempt: 1, worker: 'w1', refuted: 'w2' },
    ]);
    assert.deepEqual(
      reports.map((report) => [report.iteration, report.final, report.refuted]),
      [
        [2, false, 'w2'],
        [3, true, undefined],
      ],
    );
    assert.match(errorLines(reports[0]!).join('\n'), /refuted: the iteration succeeded on w2/);
  });
});
