/**
 * Starts a real Kubernetes control plane (etcd, kube-apiserver and, where they exist, controller manager and scheduler)
 * for contract tests. It uses loopback only, ports chosen by the system, everything in a temporary folder. The programs
 * come from KUBEBUILDER_ASSETS, which is what `setup-envtest` leaves. A script beside the project may stand for that
 * (needs-program.ts). Tests ask needs('kube-apiserver') before. It starts no kubelet: a test plays one, or starts the
 * project's own against `url`.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePorts } from '../../testing/free-ports.ts';
import { makeServerCertificate } from '../../local-cloud/certificates.ts';
import { waitFor } from '../../testing/wait-for.ts';
import { kubernetesScript, realKubernetesFolder } from './needs-program.ts';

const run = promisify(execFile);
const READY_SECONDS = 90;

export interface RealKubernetes {
  url: string;
  caPem: string;
  /** Bearer token of a cluster administrator. */
  token: string;
  /** Whether the controller manager and the scheduler run as well (setup-envtest has neither). */
  controllers: boolean;
  stop(): Promise<void>;
}

export async function startRealKubernetes(): Promise<RealKubernetes> {
  const programs = await findPrograms();
  const dir = mkdtempSync(join(tmpdir(), 'real-kubernetes-'));
  const children: ChildProcess[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(children.toReversed().map(end));
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    return { ...(await startControlPlane(programs, dir, children)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function findPrograms(): Promise<string> {
  const assets = realKubernetesFolder();
  if (assets !== undefined) return assets;
  const bin = join(tmpdir(), 'foreach-fleet-kube-bin');
  // Two test processes may unpack at once; the lock keeps them from writing the same file.
  const { stdout } = await run('flock', [`${bin}.lock`, kubernetesScript, 'unpack'], {
    env: { ...process.env, KUBE_BIN: bin },
  });
  return stdout.trim();
}

async function startControlPlane(
  bin: string,
  dir: string,
  children: ChildProcess[],
): Promise<Omit<RealKubernetes, 'stop'>> {
  const [etcdPort, peerPort, apiPort] = await freePorts(3);
  const etcdUrl = `http://127.0.0.1:${etcdPort}`;
  const tokens = { admin: token(), controller: token(), scheduler: token() };
  await makeKeys(dir, tokens);
  mkdirSync(join(dir, 'etcd'), { mode: 0o700 });
  children.push(start(bin, dir, 'etcd', etcdFlags(dir, etcdUrl, `http://127.0.0.1:${peerPort}`)));
  const controllers = existsSync(join(bin, 'kube-controller-manager')) && existsSync(join(bin, 'kube-scheduler'));
  children.push(start(bin, dir, 'kube-apiserver', apiServerFlags(dir, etcdUrl, apiPort ?? 0, controllers)));
  const url = `https://127.0.0.1:${apiPort}`;
  const caPem = readFileSync(join(dir, 'server.crt'), 'utf8');
  await untilOk(`${url}/readyz`, caPem, tokens.admin, () => failure(children, dir));
  if (controllers) {
    const scheduler = writeKubeconfig(dir, 'scheduler', url, tokens.scheduler);
    children.push(start(bin, dir, 'kube-controller-manager', controllerFlags(dir, url, tokens.controller)));
    children.push(
      start(bin, dir, 'kube-scheduler', ['--kubeconfig', scheduler, '--secure-port', '0', '--leader-elect=false']),
    );
    const account = `${url}/api/v1/namespaces/default/serviceaccounts/default`;
    await untilOk(account, caPem, tokens.admin, () => failure(children, dir));
  }
  return { url, caPem, token: tokens.admin, controllers };
}

const token = (): string => randomBytes(16).toString('hex');

async function makeKeys(dir: string, tokens: { admin: string; controller: string; scheduler: string }): Promise<void> {
  const file = (name: string): string => join(dir, name);
  const write = (name: string, text: string | Buffer): void => writeFileSync(file(name), text, { mode: 0o600 });
  const accounts = generateKeyPairSync('rsa', { modulusLength: 2048 });
  write('sa.key', accounts.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  write('sa.pub', accounts.publicKey.export({ type: 'spki', format: 'pem' }));
  const server = await makeServerCertificate({
    commonName: 'kube-apiserver',
    dns: ['localhost', 'kubernetes', 'kubernetes.default.svc'],
    addresses: ['127.0.0.1'],
  });
  write('server.key', server.keyPem);
  write('server.crt', server.certPem);
  const lines = [
    `${tokens.admin},admin,admin,"system:masters"`,
    `${tokens.controller},system:kube-controller-manager,kcm,"system:masters"`,
    `${tokens.scheduler},system:kube-scheduler,ks,"system:masters"`,
  ];
  write('tokens.csv', `${lines.join('\n')}\n`);
}

function etcdFlags(dir: string, clientUrl: string, peerUrl: string): string[] {
  return [
    ...['--data-dir', join(dir, 'etcd'), '--listen-client-urls', clientUrl, '--advertise-client-urls', clientUrl],
    ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
    ...['--initial-cluster', `default=${peerUrl}`, '--unsafe-no-fsync', '--log-level', 'warn'],
  ];
}

function apiServerFlags(dir: string, etcdUrl: string, port: number, controllers: boolean): string[] {
  return [
    ...['--etcd-servers', etcdUrl, '--secure-port', String(port), '--bind-address', '127.0.0.1'],
    // The server refuses to advertise a loopback address; nothing ever connects to this one.
    ...['--advertise-address', '10.99.0.1', '--endpoint-reconciler-type', 'none'],
    ...['--tls-cert-file', join(dir, 'server.crt'), '--tls-private-key-file', join(dir, 'server.key')],
    ...['--service-cluster-ip-range', '10.96.0.0/16', '--authorization-mode', 'Node,RBAC'],
    ...['--token-auth-file', join(dir, 'tokens.csv'), '--service-account-issuer', 'https://kubernetes.default.svc'],
    ...['--service-account-key-file', join(dir, 'sa.pub'), '--service-account-signing-key-file', join(dir, 'sa.key')],
    ...[
      '--allow-privileged',
      '--enable-priority-and-fairness=false',
      '--kubelet-preferred-address-types',
      'InternalIP',
    ],
    // Without a controller manager no namespace gets its default account, and this plug-in would refuse every pod.
    ...(controllers ? [] : ['--disable-admission-plugins', 'ServiceAccount']),
  ];
}

function controllerFlags(dir: string, url: string, bearer: string): string[] {
  const kubeconfig = writeKubeconfig(dir, 'controller', url, bearer);
  return [
    ...['--kubeconfig', kubeconfig, '--secure-port', '0', '--leader-elect=false', '--node-monitor-grace-period', '40s'],
    ...['--service-account-private-key-file', join(dir, 'sa.key'), '--root-ca-file', join(dir, 'server.crt')],
    '--use-service-account-credentials',
  ];
}

function writeKubeconfig(dir: string, name: string, url: string, bearer: string): string {
  const file = join(dir, `${name}.kubeconfig`);
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server: url, 'certificate-authority': join(dir, 'server.crt') } }],
    users: [{ name: 'user', user: { token: bearer } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'user' } }],
    'current-context': 'test',
  };
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  return file;
}

/** Starts a program so that it also ends with this process, where the system can do that. */
function start(bin: string, dir: string, name: string, flags: string[]): ChildProcess {
  const log = openSync(join(dir, `${name}.log`), 'a');
  const command = [join(bin, name), ...flags];
  const bound = existsSync('/usr/bin/setpriv') ? ['/usr/bin/setpriv', '--pdeathsig', 'KILL', ...command] : command;
  return spawn(bound[0] ?? '', bound.slice(1), { stdio: ['ignore', log, log] });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

/** The end of the log of a program that has ended by itself, or undefined while all run. */
function failure(children: ChildProcess[], dir: string): string | undefined {
  if (children.every((child) => child.exitCode === null)) return undefined;
  const logs = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'].map((name) =>
    join(dir, `${name}.log`),
  );
  const tails = logs
    .filter((log) => existsSync(log))
    .map((log) => `${log}:\n${readFileSync(log, 'utf8').slice(-1500)}`);
  return `a program of the control plane has ended\n${tails.join('\n')}`;
}

async function untilOk(url: string, ca: string, bearer: string, failed: () => string | undefined): Promise<void> {
  const isOk = async (): Promise<boolean> => {
    const status = await get(url, ca, bearer);
    const why = status === 200 ? undefined : failed();
    if (why !== undefined) throw new Error(why);
    return status === 200;
  };
  await waitFor(`${url} answers 200`, isOk, READY_SECONDS);
}

function get(url: string, ca: string, bearer: string): Promise<number> {
  return new Promise((resolve) => {
    const call = request(url, { ca, headers: { authorization: `Bearer ${bearer}` }, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    call.setTimeout(5000, () => call.destroy());
    call.on('error', () => resolve(0));
    call.end();
  });
}
