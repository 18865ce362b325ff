// R packages into the project's own library: what the worker's package needs, then that package itself.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { dirname, join } from 'node:path';
import {
  findCommand,
  hashFolder,
  hashTexts,
  localFolder,
  logFile,
  projectFolder,
  readIfThere,
  rLibrary,
  run,
  say,
  SetupError,
  tail,
} from './project.mjs';

const packageFolder = join(projectFolder, 'worker-image');
const workerPackage = 'foreachfleet';
/** What the examples and the engine stand on, whatever else the worker's package asks for. */
const always = ['foreach', 'iterators', 'doRedis', 'redux', 'jsonlite', 'codetools'];
const partOfR = new Set([
  'R',
  'base',
  'compiler',
  'datasets',
  'graphics',
  'grDevices',
  'grid',
  'methods',
  'parallel',
  'splines',
  'stats',
  'stats4',
  'tcltk',
  'tools',
  'utils',
]);

/** Which R packages must be there, as [name, least version or '']. */
function neededPackages() {
  const needed = new Map(always.map((name) => [name, '']));
  const description = (readIfThere(join(packageFolder, 'DESCRIPTION')) ?? '').replace(/\n[ \t]+/g, ' ');
  for (const [, field] of description.matchAll(/^(?:Depends|Imports|LinkingTo):(.*)$/gm)) {
    for (const [, name, version] of field.matchAll(/([A-Za-z][A-Za-z0-9.]*)\s*(?:\(\s*>=\s*([0-9.-]+)\s*\))?/g)) {
      if (!partOfR.has(name)) needed.set(name, version ?? needed.get(name) ?? '');
    }
  }
  return [...needed].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** What the stamp must say for the R side to be up to date. A new R needs everything compiled again. */
export function expectedR() {
  const rscript = findCommand('Rscript');
  return {
    r: rscript === undefined ? 'none' : hashTexts(rscript, versionOfR(rscript), rLibrary),
    rPackages: hashTexts(neededPackages()),
    workerPackage: readIfThere(join(packageFolder, 'DESCRIPTION')) === undefined ? 'none' : hashFolder(packageFolder),
  };
}

/** Of the R installation that Rscript belongs to; reading a file is a hundred times quicker than starting R. */
function versionOfR(rscript) {
  const home = join(dirname(realpathSync(rscript)), '..');
  return readIfThere(join(home, 'SVN-REVISION')) ?? readIfThere(join(home, 'library', 'base', 'DESCRIPTION')) ?? '';
}

/** Brings the library up to date; `stamp` is what was true at the end of the last set-up. */
export async function installRPackages(stamp) {
  const expected = expectedR();
  mkdirSync(rLibrary, { recursive: true });
  if (stamp.r !== expected.r || stamp.rPackages !== expected.rPackages) await installNeeded(neededPackages());
  if (expected.workerPackage !== 'none' && (stamp.workerPackage !== expected.workerPackage || stamp.r !== expected.r)) {
    await installWorkerPackage();
  }
  return expected;
}

/**
 * Installs what is missing or too old. The repository is the user's; where R has none set, the first mirror of R's own
 * list (the one that redirects to a near server) is taken. Prints what it did between marks, for the progress line.
 */
const installScript = `
args <- commandArgs(trailingOnly = TRUE)
library_folder <- args[1]; cores <- as.integer(args[2]); needed <- strsplit(args[-(1:2)], "=", fixed = TRUE)
.libPaths(c(library_folder, .libPaths()))
missing_packages <- function() {
  is_missing <- function(item) {
    works <- suppressWarnings(suppressPackageStartupMessages(requireNamespace(item[1], quietly = TRUE)))
    !works || (length(item) > 1 && utils::packageVersion(item[1]) < item[2])
  }
  names <- vapply(needed, function(item) item[1], "")
  names[vapply(needed, is_missing, NA)]
}
todo <- missing_packages()
if (length(todo)) {
  cat("<<", paste(todo, collapse = " "), ">>\\n", sep = "")
  repos <- getOption("repos")
  if (is.null(repos) || any(repos[["CRAN"]] %in% c("@CRAN@", "", NA))) {
    utils::chooseCRANmirror(graphics = FALSE, ind = 1, local.only = TRUE)
  }
  options(timeout = max(300, getOption("timeout")))
  utils::install.packages(todo, lib = library_folder, Ncpus = cores, INSTALL_opts = c("--no-docs", "--no-multiarch"))
  left <- missing_packages()
  if (length(left)) stop("could not be installed: ", paste(left, collapse = ", "))
}`;

async function installNeeded(packages) {
  removeLeftLocks();
  say(
    `checking R packages: ${packages.map(([name]) => name).join(' ')} (what is missing is compiled: up to two minutes)`,
  );
  const cores = (availableParallelism ?? (() => cpus().length))();
  const items = packages.map(([name, version]) => (version === '' ? name : `${name}=${version}`));
  const result = await run(
    findCommand('Rscript'),
    ['--no-save', '--no-restore', '-e', installScript, rLibrary, String(cores), ...items],
    {
      env: { MAKEFLAGS: `-j${cores}` },
    },
  );
  if (result.code === 0) return;
  throw new SetupError(
    `R packages could not be installed:\n${tail(result.output)}`,
    `Check the network and R's repository (getOption("repos")), then repeat. Details: ${logFile}`,
  );
}

/** An interrupted installation leaves lock folders that would stop the next one; ours is the only one here. */
function removeLeftLocks() {
  for (const name of readdirSync(rLibrary)) {
    if (name.startsWith('00LOCK')) rmSync(join(rLibrary, name), { recursive: true, force: true });
  }
}

/**
 * Built from a copy: the sources stay free of object files, and none of another R or another machine gets linked.
 * Installed into a library of its own and then moved: who uses this one finds the package all the time.
 */
async function installWorkerPackage() {
  say("installing the worker's R package");
  const build = join(localFolder, 'build');
  mkdirSync(build, { recursive: true });
  const own = mkdtempSync(join(build, 'worker-image-'));
  try {
    const [copy, library] = [join(own, 'worker-image'), join(own, 'library')];
    mkdirSync(library);
    cpSync(packageFolder, copy, { recursive: true, filter: (file) => !/\.(o|so)$/.test(file) });
    const args = ['CMD', 'INSTALL', '--no-docs', '--no-multiarch', `--library=${library}`, copy];
    const result = await run(findCommand('R'), args, { env: { R_LIBS: rLibrary } });
    if (result.code === 0) return replaceFolder(join(library, workerPackage), join(rLibrary, workerPackage), own);
    throw installationFailed(result);
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

/** aside: where the one before is put. */
function replaceFolder(from, to, aside) {
  if (existsSync(to)) renameSync(to, join(aside, 'before'));
  renameSync(from, to);
}

function installationFailed(result) {
  return new SetupError(`R CMD INSTALL worker-image failed:\n${tail(result.output, 25)}`, `Details: ${logFile}`);
}
