// The source of a CRAN package, for running its own tests: from R's package repository.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab } from '../../testing/lab.ts';

const download = `
  repos <- getOption("repos")
  isUnset <- any(repos[["CRAN"]] %in% c("@CRAN@", "", NA))
  if (isUnset) utils::chooseCRANmirror(graphics = FALSE, ind = 1, local.only = TRUE)
  options(timeout = 60)
  arguments <- commandArgs(TRUE)
  got <- utils::download.packages(arguments[1], arguments[2], type = "source")
  utils::untar(got[1, 2], exdir = arguments[2])`;

/** The path of a file or folder of the source; null where it cannot be had. */
export async function packageSource(lab: Lab, name: string, path: string): Promise<string | null> {
  const folder = join(lab.dir, 'source');
  mkdirSync(folder);
  await lab.run('Rscript', ['-e', download, name, folder], {}).exited;
  const found = join(folder, name, path);
  return existsSync(found) ? found : null;
}
