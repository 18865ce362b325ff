// System packages by apt-get on Debian and Ubuntu; elsewhere says what is missing. Never
// leaves a service running that was not there.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { findCommand, logFile, readIfThere, run, say, SetupError, tail } from './project.mjs';

/** Which package brings which program; a rule compares it with what the project starts. */
const { installed, companions } = JSON.parse(readFileSync(new URL('programs.json', import.meta.url), 'utf8'));

/**
 * What must be found, and the packages that bring it. hiredis is what redux stands on, libcurl what R's package curl
 * does; OpenSSL sums results; R's header comes with r-base-core.
 */
const needs = [
  ...Object.entries(installed).map(([program, name]) => ({
    what: program,
    isThere: () => findCommand(program) !== undefined,
    packages: [name, ...(companions[program] ?? [])],
  })),
  {
    what: "hiredis' header",
    isThere: () => existsSync('/usr/include/hiredis/hiredis.h'),
    packages: ['libhiredis-dev', 'pkg-config'],
  },
  {
    what: "libcurl's header",
    isThere: () => findCommand('curl-config') !== undefined,
    packages: ['libcurl4-openssl-dev'],
  },
  { what: "OpenSSL's header", isThere: () => existsSync('/usr/include/openssl/evp.h'), packages: ['libssl-dev'] },
];

/**
 * R packages that distributions offer compiled; with them only a few are left to compile. Not having them is no fault:
 * tests of the others (R's recommended packages, testthat) say so where they are missing.
 */
const compiledRPackages = [
  'r-recommended',
  ...['curl', 'data.table', 'digest', 'foreach', 'iterators', 'jsonlite', 'plyr', 'r6', 'testthat'].map(
    (name) => `r-cran-${name}`,
  ),
];

/** Whether anything is missing; looks at files only. */
export function missingSystemParts() {
  return needs.filter((need) => !need.isThere()).map((need) => need.what);
}

/** Installs what is missing. */
export async function installSystemPackages() {
  const missing = needs.filter((need) => !need.isThere());
  if (missing.length === 0) return;
  const packages = [...new Set(missing.flatMap((need) => need.packages))];
  const extras = packages.includes('r-base-core') ? compiledRPackages : [];
  const asRoot = await chooseRoot(packages);
  say(`installing system packages: ${packages.join(' ')} (one to three minutes)`);
  await withServicesHeldBack(packages, asRoot, () => aptInstall(packages, extras, asRoot));
  const still = missingSystemParts();
  if (still.length > 0)
    throw new SetupError(`apt-get succeeded, but there is still no ${still.join(', ')}`, `See ${logFile}.`);
}

/** How to run a command as root: directly, or through sudo (which may ask for a password on a terminal). */
async function chooseRoot(packages) {
  const byHand = `Install them by hand, then repeat: ${packages.join(' ')} (names of Debian packages).`;
  if (findCommand('apt-get') === undefined) {
    throw new SetupError(
      `this system has no apt-get, and these are missing: ${missingSystemParts().join(', ')}`,
      byHand,
    );
  }
  if (process.getuid() === 0) return (args, env) => run(args[0], args.slice(1), { env });
  const sudo = findCommand('sudo');
  if (sudo === undefined) {
    throw new SetupError(
      'system packages are missing, and neither root nor sudo is available',
      `As root: apt-get install ${packages.join(' ')}`,
    );
  }
  if (!process.stdin.isTTY && (await run(sudo, ['-n', 'true'])).code !== 0) {
    throw new SetupError(
      'system packages are missing, and sudo asks for a password',
      `Run: sudo apt-get install ${packages.join(' ')}`,
    );
  }
  return (args, env) =>
    run(sudo, ['env', ...Object.entries(env).map(([name, value]) => `${name}=${value}`), ...args], {
      input: 'inherit',
    });
}

const quietly = { DEBIAN_FRONTEND: 'noninteractive', NEEDRESTART_MODE: 'l' };

async function aptInstall(packages, extras, asRoot) {
  if (!hasPackageLists()) await updateLists(asRoot);
  const install = (names) =>
    asRoot(['apt-get', 'install', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=120', ...names], quietly);
  let result = await install([...packages, ...extras]);
  if (result.code !== 0) {
    // Old lists name versions that the mirror no longer has.
    await updateLists(asRoot);
    result = await install([...packages, ...extras]);
  }
  if (result.code !== 0 && extras.length > 0) result = await install(packages);
  if (result.code === 0) return;
  throw new SetupError(
    `apt-get install failed:\n${tail(result.output)}`,
    'Check the network and /etc/apt/sources.list, then repeat; all that is done is kept.',
  );
}

async function updateLists(asRoot) {
  const result = await asRoot(['apt-get', 'update', '-o', 'DPkg::Lock::Timeout=120'], quietly);
  if (result.code !== 0) {
    throw new SetupError(
      `apt-get update failed:\n${tail(result.output)}`,
      'Check the network, the proxy and /etc/apt/sources.list, then repeat.',
    );
  }
}

function hasPackageLists() {
  try {
    return readdirSync('/var/lib/apt/lists').some((name) => name.includes('_Packages'));
  } catch {
    return false;
  }
}

const policyFile = '/usr/sbin/policy-rc.d';

/**
 * Debian starts a service as soon as its package is installed, and again at each boot. We need the
 * program only; a service would hold port 6379. policy-rc.d is Debian's own way to forbid the start; the
 * link for the next boot is removed afterwards.
 */
async function withServicesHeldBack(packages, asRoot, install) {
  if (!packages.includes('redis-server')) return install();
  const isOurs = readIfThere(policyFile) === undefined;
  if (isOurs) await writeAsRoot(asRoot);
  try {
    await install();
  } finally {
    if (isOurs) await asRoot(['rm', '-f', policyFile], {});
  }
  if (findCommand('systemctl') !== undefined) await asRoot(['systemctl', 'disable', 'redis-server.service'], {});
  else if (findCommand('update-rc.d') !== undefined) await asRoot(['update-rc.d', 'redis-server', 'disable'], {});
}

async function writeAsRoot(asRoot) {
  const draft = `${logFile}.policy`;
  writeFileSync(draft, '#!/bin/sh\n# Written for the time of one installation: do not start services.\nexit 101\n');
  await asRoot(['install', '-m', '755', draft, policyFile], {});
  rmSync(draft, { force: true });
}
