// Letters beyond ASCII in code, strings and data, on machines whose locale is not UTF-8 or not set at all: R would not
// even parse such a script. What the user has chosen (a UTF-8 locale, Sys.setlocale() in the script) stays.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { join } from 'node:path';
import { findR } from '../../cli/r-process.ts';
import { Lab, password, rLibrary, type Running } from '../../testing/lab.ts';
import { succeeded } from '../../testing/succeeded.ts';

const bin = join(import.meta.dirname, '../../worker-image/bin');
const ownLocale = { LC_ALL: process.env['LC_ALL'], LC_CTYPE: process.env['LC_CTYPE'], LANG: process.env['LANG'] };
/** Arguments of `env`, which alone can take a variable away. */
const locales = {
  'LC_ALL=C': ['LC_ALL=C'],
  'no locale': ['-u', 'LC_ALL', '-u', 'LC_CTYPE', '-u', 'LANG'],
};

let lab: Lab;
beforeEach(async () => {
  lab = await Lab.start();
});
afterEach(async () => {
  setLocale(ownLocale);
  await lab.stop();
});

const script = `
library(foreach)
größe <- readLines("maße.csv")
stopifnot(nchar(größe) == 8L)
x <- foreach(wer = c("Jürgen", "日本"), .combine = c) %dopar% {
  straße <- readLines(textConnection(größe))
  stopifnot(nchar(wer) %in% c(6L, 2L), l10n_info()[["UTF-8"]])
  alt <- Sys.getlocale("LC_CTYPE")
  stopifnot(Sys.setlocale("LC_CTYPE", "C") == "C", !l10n_info()[["UTF-8"]])
  Sys.setlocale("LC_CTYPE", alt)
  paste(wer, toupper(straße))
}
stopifnot(identical(x, c("Jürgen LÄNGE;1Ø", "日本 LÄNGE;1Ø")))
stopifnot(Sys.setlocale("LC_COLLATE", "C") == "C")
cat("fertig, größe", Sys.getenv("LC_ALL"), "\\n")
`;

for (const [name, change] of Object.entries(locales)) {
  test(`driver and worker run a script with letters beyond ASCII with ${name}`, async () => {
    assert.match(await runPods(change), /fertig, größe C\.UTF-8/);
  });

  test(`workers of startFleetWorkers() and their session agree with ${name}`, async () => {
    const code = `library(foreach); library(foreachfleet)
      address <- "redis://:${password}@127.0.0.1:${lab.redisPort}"
      startFleetWorkers(1, redis = address)
      registerForeachFleet(address)
      r <- foreach(s = "\\u00e4rger", .combine = c) %dopar% {
        eval(parse(text = "\\u00df <- 2", encoding = "UTF-8"))
        stopifnot(l10n_info()[["UTF-8"]], nchar(s) == 5L)
        toupper(s)
      }
      stopifnot(identical(enc2utf8(r), "\\u00c4RGER"))
      stopFleetWorkers()`;
    const session = runIn(change, ['Rscript', '--vanilla', '-e', code], { R_LIBS: rLibrary, TMPDIR: lab.dir });
    await succeeded(session);
  });
}

test('a UTF-8 locale of the user stays', async () => {
  const text = await runPods(['-u', 'LC_ALL', 'LANG=C.utf8']);
  assert.match(text, /fertig, größe {2}$/m);
});

test("the command line's R is in UTF-8, and in the user's own locale where that is", async () => {
  setLocale({ LC_ALL: 'C' });
  assert.equal((await findR())['LC_ALL'], 'C.UTF-8');
  setLocale({});
  assert.equal((await findR())['LC_ALL'], 'C.UTF-8');
  setLocale({ LANG: 'de_DE.UTF-8' });
  assert.equal((await findR())['LC_ALL'], undefined);
});

async function runPods(change: string[]): Promise<string> {
  const inputs = lab.prepare({ script, files: { 'maße.csv': 'länge;1ø\n' } });
  const pod = (program: string, name: string): Running =>
    runIn(change, [join(bin, program)], { ...lab.environment(name), FF_INPUTS: inputs });
  pod('run-worker', 'w1');
  const driver = pod('run-driver', 'driver');
  await succeeded(driver);
  return driver.lines.join('\n');
}

function runIn(change: string[], command: string[], env: Record<string, string>): Running {
  return lab.run('env', [...change, ...command], env);
}

function setLocale(values: Partial<Record<keyof typeof ownLocale, string | undefined>>): void {
  for (const name of Object.keys(ownLocale) as (keyof typeof ownLocale)[]) {
    const value = values[name];
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}
