/**
 * Files that many small results share are written without R; R must read them as a named list of raw
 * vectors, each the serialization of a value.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { packPart } from '../../functions/job/r-part.ts';

it('readRDS() reads a shared file, and unserialize() gives the values back', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ff-part-'));
  const r = (code: string): string =>
    execFileSync('Rscript', ['--vanilla', '-e', code], { cwd: folder, encoding: 'utf8' });
  try {
    r(
      'values <- list(1:3, "å", NULL, list(a = 1, b = mtcars)); ' +
        'for (i in 1:4) saveRDS(values[[i]], paste0(i, ".rds"), compress = FALSE)',
    );
    const values = [1, 2, 3, 4].map((i) => ({ name: String(i * 1000), bytes: readFileSync(join(folder, `${i}.rds`)) }));
    writeFileSync(join(folder, 'part.rds'), packPart(values));
    const said = r(`part <- readRDS("part.rds")
      stopifnot(is.list(part), identical(names(part), c("1000", "2000", "3000", "4000")))
      cat(all(vapply(1:4, function(i) identical(unserialize(part[[i]]), readRDS(paste0(i, ".rds"))), NA)))`);
    assert.equal(said, 'TRUE');
    writeFileSync(join(folder, 'empty.rds'), packPart([]));
    assert.equal(r('cat(length(readRDS("empty.rds")))'), '0');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
