// Closures, and what they keep: the same values as under %do%, and large data that nobody uses do not travel.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Lab } from '../../testing/lab.ts';
import { labForEach } from '../../testing/lab-hooks.ts';
import { succeeded } from '../../testing/succeeded.ts';

let lab: Lab;
labForEach((made) => (lab = made));

const rScript = (name: string): string => readFileSync(join(import.meta.dirname, name), 'utf8');

test('closures in variables, arguments and results are what they are under %do%', async () => {
  for (const name of ['w1', 'w2']) lab.worker(name);
  await succeeded(lab.session(`${rScript('probe.R')}\n${rScript('captured.R')}`));
});

test('large data in the frame of a closure travel only where they are used, and once for each worker', async () => {
  lab.worker('w1');
  await lab.workersReady(1);
  const received = async (): Promise<number> => {
    const [, bytes] = /total_net_input_bytes:(\d+)/.exec(await lab.redis.info('stats')) ?? [];
    return Number(bytes);
  };
  const loops = (used: string): string => `
    make <- function() { big <- numeric(1e6); function(x) x${used} }
    fn <- make()
    a <- foreach(i = 1:8, f = rep(list(fn), 8), .combine = c) %dopar% f(i)
    run <- function() { fs <- lapply(1:8, function(k) function(x) x + k); big <- numeric(1e6)
      foreach(f = fs, .combine = c) %dopar% f(1) }
    b <- run()
    stopifnot(identical(a, sapply(1:8, fn)), identical(b, 1 + 1:8))`;
  const start = await received();
  await succeeded(lab.session(loops('')));
  const unused = (await received()) - start;
  await succeeded(lab.session(loops(' + length(big)')));
  const used = (await received()) - start - unused;
  assert.ok(unused < 2e6, `${unused} bytes without the data`);
  assert.ok(used > 8e6 && used < 12e6, `${used} bytes with it`);
});
