/**
 * The measured process of start-up.ts: imports one module, cold, and says how long
 * that took, or which files it has loaded.
 */
import { registerHooks } from 'node:module';
import type { AddressInfo } from 'node:net';
import { pathToFileURL } from 'node:url';
import { answer, question, residentMiB } from './child.ts';

export interface StartUpQuestion {
  entry: string;
  /** 'time' the import; list the files it 'loads'; list what is loaded once the `status` function has answered. */
  do: 'time' | 'loads' | 'status';
}

export interface StartUpAnswer {
  ms: number;
  peakMiB: number;
  files: string[];
}

const asked = question<StartUpQuestion>();
const files: string[] = [];
if (asked.do !== 'time')
  registerHooks({
    load(url, context, next) {
      files.push(url);
      return next(url, context);
    },
  });
const begin = performance.now();
await import(pathToFileURL(asked.entry).href);
const ms = performance.now() - begin;
if (asked.do === 'status') await callStatus();
await answer({ ms, peakMiB: residentMiB().peak, files } satisfies StartUpAnswer);
process.exit();

/** A job id that cannot be one is refused without a call to the cloud, but after the storage client was made. */
async function callStatus(): Promise<void> {
  const { getTestServer } = await import('@google-cloud/functions-framework/testing');
  const server = getTestServer('status');
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/?job=NOT-AN-ID`);
  const text = await response.text();
  if (response.status !== 400) throw new Error(`status answered ${response.status}: ${text}`);
}
