// Ctrl-C in a session: an interrupt as anywhere in R, and the session goes on.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Lab } from '../../testing/lab.ts';
import { labForEach } from '../../testing/lab-hooks.ts';
import { waitFor } from '../../testing/wait-for.ts';

let lab: Lab;
labForEach((made) => (lab = made));

test('an interrupt ends the loop as one, and the next loop gives its values', async () => {
  lab.worker('w1');
  await lab.workersReady(1);
  const begun = join(lab.dir, 'begun');
  const session = lab.session(`
    slow <- function(i) { file.create("${begun}"); Sys.sleep(2); i }
    r <- tryCatch(foreach(i = 1:50) %dopar% slow(i), interrupt = function(c) "interrupted", error = conditionMessage)
    cat("first", r, "\\n")
    cat("second", foreach(i = 1:3, .combine = c) %dopar% i, "\\n")
    foreach(i = 1:50) %dopar% slow(i)
    cat("not reached\\n")`);
  await waitFor('at work', () => existsSync(begun), 30);
  process.kill(session.process.pid!, 'SIGINT');
  await waitFor('the second loop has ended', () => session.lines.includes('second 1 2 3 '), 30);
  assert.ok(session.lines.includes('first interrupted '), session.lines.join('\n'));
  process.kill(session.process.pid!, 'SIGINT');
  assert.notEqual(await session.exited, 0);
  assert.ok(!session.lines.some((line) => /not reached|no such index|Error/.test(line)), session.lines.join('\n'));
});
