// Which environment variables a job may set. Values are opaque text: findTextFault judges those.
import { shorten } from './problem.ts';
import type { TextFault } from './text-rules.ts';

const remedyForDenied = 'Leave it out, or read a variable of another name in the script.';

/**
 * Names, compared without case, that would change how the container starts, what it loads or whom it trusts. A
 * pattern ending in * stands for a family. R's start-up files and libraries, the loaders of common languages, the
 * shells' hooks, glibc's unsafe list. Proxies and certificates, because signed URLs would pass through them; and
 * everything that the platform sets itself.
 */
const deniedVariables: readonly string[] = [
  ...[
    'R_PROFILE*',
    'R_ENVIRON*',
    'R_LIBS*',
    'R_HOME',
    'R_DEFAULT_PACKAGES',
    'R_SCRIPT_DEFAULT_PACKAGES',
    'R_STARTUP_DEBUG',
  ],
  ...[
    'R_TESTS',
    'R_SHARE_DIR',
    'R_INCLUDE_DIR',
    'R_DOC_DIR',
    'R_ARCH',
    'R_USER_*',
    'R_SESSION_TMPDIR',
    'R_COMPILED_BY',
  ],
  ...['LD_*', 'PATH', 'HOME', 'TMPDIR', 'TMP', 'TEMP', 'USER', 'LOGNAME', 'SHELL', 'PWD', 'HOSTNAME'],
  ...[
    'BASH_ENV',
    'BASH_FUNC_*',
    'ENV',
    'IFS',
    'SHELLOPTS',
    'BASHOPTS',
    'PS4',
    'PROMPT_COMMAND',
    'CDPATH',
    'GLOBIGNORE',
  ],
  ...[
    'NODE_*',
    'PYTHON*',
    'PERL5*',
    'PERLLIB',
    'RUBYOPT',
    'RUBYLIB',
    'JAVA_TOOL_OPTIONS',
    '_JAVA_OPTIONS',
    'GIT_*',
    'SSH_*',
  ],
  ...['GCONV_PATH', 'GETCONF_DIR', 'HOSTALIASES', 'LOCALDOMAIN', 'LOCPATH', 'MALLOC_TRACE', 'NIS_PATH', 'NLSPATH'],
  ...['RESOLV_*', 'RES_OPTIONS', 'TZDIR', 'GLIBC_TUNABLES'],
  ...[
    'HTTP_PROXY',
    'HTTPS_PROXY',
    'ALL_PROXY',
    'FTP_PROXY',
    'NO_PROXY',
    'SSL_CERT_*',
    'SSLKEYLOGFILE',
    'CURL_*',
    'OPENSSL_*',
  ],
  ...['GOOGLE_*', 'GCLOUD_*', 'GCE_*', 'GCP_*', 'CLOUDSDK_*', 'KUBERNETES_*', 'KUBECONFIG', 'FF_*', 'REDIS_*'],
];

/** Faults of a variable's name. */
export function findEnvNameFault(name: string): TextFault | undefined {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name)) {
    return {
      code: 'FF-SPEC-ENV',
      message: `"${shorten(name)}" is not the name of an environment variable`,
      remedy: 'Use letters, digits and _, not beginning with a digit.',
    };
  }
  const upperName = name.toUpperCase();
  const denied = deniedVariables.find((entry) =>
    entry.endsWith('*') ? upperName.startsWith(entry.slice(0, -1)) : upperName === entry,
  );
  if (denied === undefined) return undefined;
  return {
    code: 'FF-SPEC-ENV',
    message: `the variable ${shorten(name)} may not be set (${denied} changes how R or the container starts)`,
    remedy: remedyForDenied,
  };
}
