// The guard itself: a process that tries to leave loopback ends with an error,
// whichever way it tries and whatever it catches.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const guard = new URL('../support/network-guard.ts', import.meta.url).href;

async function runGuarded(program: string): Promise<{ code: number | null; output: string }> {
  const env = { ...process.env };
  for (const name of ['FF_TEST_NETWORK_REPORT', 'NODE_OPTIONS', 'NODE_TEST_CONTEXT']) delete env[name];
  const child = spawn(process.execPath, ['--import', guard, '--input-type=module', '--eval', program], {
    env,
    cwd: fileURLToPath(new URL('.', import.meta.url)),
  });
  let output = '';
  child.stderr.on('data', (chunk) => (output += chunk));
  child.stdout.on('data', (chunk) => (output += chunk));
  await once(child, 'close');
  return { code: child.exitCode, output };
}

const inner = `import net from 'node:net'; net.connect(80, '192.0.2.1').on('error', () => {});`;

/** 192.0.2.0/24 is set aside for documentation, so nothing is ever reached even without the guard. */
const attempts: Record<string, string> = {
  'a socket': inner,
  'a socket with options':
    `import net from 'node:net'; ` + `new net.Socket().connect({ host: '192.0.2.1', port: 80 }).on('error', () => {});`,
  'an IPv6 socket': `import { connect } from 'node:net'; connect(80, '2001:db8::1').on('error', () => {});`,
  fetch: `await fetch('http://192.0.2.1/').catch(() => {});`,
  'fetch of a name': `await fetch('https://metadata.google.internal/').catch(() => {});`,
  'an http request': `import http from 'node:http'; http.get('http://example.test/').on('error', () => {});`,
  TLS: `import tls from 'node:tls'; tls.connect(443, '192.0.2.1').on('error', () => {});`,
  'HTTP/2': `import http2 from 'node:http2'; http2.connect('http://192.0.2.1').on('error', () => {});`,
  'a look-up': `import { lookup } from 'node:dns'; lookup('example.test', () => {});`,
  'a look-up by promise':
    `import { resolve4 } from 'node:dns/promises'; ` + `await resolve4('example.test').catch(() => {});`,
  'a datagram':
    `import dgram from 'node:dgram'; ` +
    `try { dgram.createSocket('udp4').send('x', 53, '192.0.2.1'); } catch {} process.exit();`,
  'a process of its own':
    `import { spawnSync } from 'node:child_process'; ` +
    `spawnSync(process.execPath, ['--input-type=module', '-e', ${JSON.stringify(inner)}]);`,
};

describe('network guard', () => {
  for (const [name, program] of Object.entries(attempts)) {
    it(`fails a process for ${name}`, async () => {
      const { code, output } = await runGuarded(program);
      assert.equal(code, 1);
      assert.match(output, /beyond loopback/);
    });
  }

  it('lets loopback pass by address, by name and by path', async () => {
    const { code, output } = await runGuarded(`
      import http from 'node:http';
      import net from 'node:net';
      import { once } from 'node:events';
      const server = http.createServer((request, response) => response.end('ok')).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address();
      const textOf = async (host) => (await fetch('http://' + host + ':' + port)).text();
      console.log(await textOf('127.0.0.1'), await textOf('localhost'));
      net.connect('/nowhere/socket').on('error', (error) => console.log(error.code));
      server.close();
      server.closeAllConnections();
    `);
    assert.deepEqual({ code, output }, { code: 0, output: 'ok ok\nENOENT\n' });
  });
});
