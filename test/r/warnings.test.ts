// Warnings of iterations reach the script's handlers, its options and the person who reads the output, as under %do%.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { redisKeys } from '../../functions/adapters/redis-keys.ts';
import type { Lab } from '../../testing/lab.ts';
import { labForEach } from '../../testing/lab-hooks.ts';
import { succeeded } from '../../testing/succeeded.ts';

let lab: Lab;
labForEach((made) => (lab = made));

test('handlers see the conditions that %do% gives, and R shows the rest with their iterations', async () => {
  for (const name of ['w1', 'w2']) lab.worker(name);
  const session = lab.session(readFileSync(join(import.meta.dirname, 'warnings.R'), 'utf8'));
  await succeeded(session);
  assert.ok(session.lines.includes('handlers agree'));
  const text = session.lines.filter((line) => !line.startsWith('foreach-fleet:')).join('\n');
  const deferred = [
    /Warning messages:\n1: In eval\(xpr, envir = envir\) :\s+NAs introduced by coercion \(iteration 2\)\n/,
    /2: In log\(-1\) : NaNs produced \(iteration 3\)\nat once/,
  ];
  assert.match(text, new RegExp(deferred.map(({ source }) => source).join('')));
  assert.match(text, /at once\nWarning in sqrt\(1 - i\) : NaNs produced \(iteration 2\)/);
  assert.equal(await lab.redis.exists(redisKeys.loopWarnings(1)), 0);
});

test("a job's log has the first fifty of a loop, with call and iteration, and how many more there were", async () => {
  const inputs = lab.prepare({
    script: `library(foreach)
x <- foreach(i = 1:60, .combine = c) %dopar% sqrt(-i)
y <- foreach(i = 1:2) %dopar% { if (i == 2) warning("the last one", call. = FALSE); i }`,
  });
  lab.worker('w1', inputs);
  const driver = lab.driver(inputs);
  await succeeded(driver);
  const text = driver.lines.join('\n');
  assert.match(text, /Warning message:\nIn sqrt\(-i\) : NaNs produced \(iteration 50\)\nand 10 more warnings, which/);
  assert.doesNotMatch(text, /iteration 51\)/);
  assert.match(text, /Warning message:\nthe last one \(iteration 2\)/);
});
