/**
 * The whole local cloud with the fixture functions as a process of its own, to be killed:
 * `local-cloud-process.ts STATE_DIR` prints one line when ready.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { useCompileCache } from '../../local-cloud/composition/compile-cache.ts';

const stateDir = process.argv[2] ?? '';
const flush = useCompileCache();
const { startLocalCloud } = await import('../../local-cloud/local-cloud.ts');
const cloud = await startLocalCloud({
  stateDir,
  quiet: true,
  retryBaseMs: 20,
  functionsSource: fileURLToPath(new URL('fixture-functions.ts', import.meta.url)),
  functionsEnvironment: { FIXTURE_CALLS: join(stateDir, 'calls.jsonl'), FIXTURE_SCRIPT: join(stateDir, 'script.json') },
});
process.stdout.write('ready\n');
flush();
process.on('disconnect', () => process.exit(0));
process.on('SIGTERM', () => {
  void cloud.stop();
});
await cloud.stopped;
process.exit(0);
