/**
 * Every schedule of faults over every scenario, in memory and in virtual time; prints how many ran, and violations
 * by kind. A share of them by FF_FAULT_SHARE (1: all, the default is 0.05), drawn by FF_FAULT_SEED.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { drawScenario } from './world/drawn-scenarios.ts';
import { drawMixedSchedules } from './world/mixed-schedules.ts';
import { withQuietLog } from './world/quiet-log.ts';
import { runSchedule } from './world/run-schedule.ts';
import { scenarios } from './world/scenarios.ts';
import { describeSchedule, drawSchedules, listSchedules, type Schedule } from './world/schedules.ts';

const share = Number(process.env['FF_FAULT_SHARE'] ?? 0.05);
const seed = Number(process.env['FF_FAULT_SEED'] ?? 1);
/** Of several faults at once there are too many to list: so many are drawn. */
const MIXED = 10_000;
/** Of what can happen to a job beside faults as well. */
const LIVES = 2000;
const LONGEST_MS = 6 * 3600_000;

it('no schedule of faults breaks a promise', { timeout: LONGEST_MS }, async (test) => {
  const all = await withQuietLog(() => listSchedules(scenarios));
  const chosen = share >= 1 ? all : drawSchedules(all, Math.ceil(all.length * share), seed);
  const found = await violationsOf(chosen);
  test.diagnostic(`${chosen.length} of ${all.length} schedules, ${found.length} violations`);
  assert.deepEqual(found, []);
});

it('nor do two or three faults at once', { timeout: LONGEST_MS }, async (test) => {
  const count = Math.ceil(MIXED * Math.min(1, share));
  const chosen = await withQuietLog(() => drawMixedSchedules(scenarios, count, seed));
  const found = await violationsOf(chosen);
  test.diagnostic(`${chosen.length} schedules of several faults, ${found.length} violations`);
  assert.deepEqual(found, []);
});

it('nor does whatever a user, a script and the cloud do', { timeout: LONGEST_MS }, async (test) => {
  const count = Math.ceil(LIVES * Math.min(1, share));
  const lives = Array.from({ length: count }, (_, index) => drawScenario(seed * LIVES + index));
  const chosen = await withQuietLog(async () => [
    ...lives.map((scenario) => ({ scenario, faults: [] })),
    ...(await drawMixedSchedules(lives, count, seed)),
  ]);
  const found = await violationsOf(chosen);
  test.diagnostic(`${chosen.length} schedules of drawn lives, ${found.length} violations`);
  assert.deepEqual(found, []);
});

async function violationsOf(schedules: readonly Schedule[]): Promise<string[]> {
  const found: string[] = [];
  for (const schedule of schedules) {
    const { violations } = await withQuietLog(() => runSchedule(schedule.scenario, schedule.faults));
    const told = violations.map(({ kind, text }) => `${kind}: ${text} [${describeSchedule(schedule)}]`);
    // At once, too: a run of hours that is ended before its end has found what it has found.
    for (const line of told) process.stderr.write(`${line}\n`);
    found.push(...told);
  }
  return found;
}
