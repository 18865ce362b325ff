/** What README.md says of the job file's defaults, the commands and their exit codes is what the code has. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { commands } from '../../cli/commands/index.ts';
import { EXIT } from '../../cli/exit-codes.ts';
import { MOST_STORED_BYTES } from '../../functions/reconcile/limit-stored.ts';
import { MAX_JOB_FILE_BYTES } from '../../functions/job-file/read-document.ts';
import { projectFiles, projectRoot } from '../support/source-files.ts';
import { specOf } from '../support/plan-fixtures.ts';

const readme = readFileSync(`${projectRoot}README.md`, 'utf8');
const cells = [...readme.matchAll(/^\| (.*?) +\| (.*?) +\|/gm)].map(([, first = '', second = '']) => [first, second]);

describe('README.md', () => {
  const defaults = cells.flatMap(([key = '', value = '']) => {
    const [, path = ''] = /^`([\w.]+)`$/.exec(key) ?? [];
    return /^`\{.*\}`$/.test(value) ? [[path, value.slice(1, -1)] as const] : [];
  });

  it('has the defaults of all groups of the job file', () => {
    const groups = Object.entries(specOf()).filter(([key, value]) => {
      return typeof value === 'object' && value !== null && !Array.isArray(value) && !['packages', 'env'].includes(key);
    });
    const stated = new Set(defaults.map(([path]) => path.split('.')[0]));
    assert.deepEqual([...stated].sort(), groups.map(([key]) => key).sort());
  });

  for (const [path, value] of defaults)
    it(`${path}: ${value} changes nothing`, () => {
      const [group, key] = path.split('.');
      assert.deepEqual(specOf(`${group}: ${key === undefined ? value : `{${key}: ${value}}`}\n`), specOf());
    });

  it('lists every command, and no other', () => {
    const [, list = ''] = /^`npm run foreach-fleet -- COMMAND`.*?: (`local`.*?)\.$/ms.exec(readme) ?? [];
    const names = [...list.matchAll(/`(\w+)[^`]*`/g)].map(([, name = '']) => name);
    assert.deepEqual(names.sort(), commands.map(({ name }) => name).sort());
  });

  it('lists every exit code, and no other', () => {
    const codes = cells.flatMap(([code = '']) => (/^\d+$/.test(code) ? [Number(code)] : []));
    assert.deepEqual(codes, Object.values(EXIT));
  });
});

describe('README.md on limits', () => {
  it('names the keys that nothing of the functions reads', () => {
    const [, list = ''] = /The keys (.*?) are accepted and have no effect yet/.exec(readme) ?? [];
    const named = [...list.matchAll(/`(\w+):`/g)].map(([, key = '']) => key);
    const readers = projectFiles().filter((path) => /^functions\/(?!job-file\/|job\/record-schema)/.test(path));
    const text = readers.map((path) => readFileSync(projectRoot + path, 'utf8')).join('\n');
    const unread = Object.keys(specOf()).filter((key) => !new RegExp(`\\b${key}\\b`).test(text));
    assert.deepEqual(named.sort(), unread.sort());
  });

  it('has the size of the largest object', () => {
    const source = readFileSync(`${projectRoot}worker-image/R/large.R`, 'utf8');
    const [, mebibytes] = /^MAX_FILE_BYTES <- (\d+) \* 2\^20/m.exec(source) ?? [];
    const [, gigabytes] = /One result or one exported object has (\d+) GB at most/.exec(readme) ?? [];
    assert.equal(Math.floor((Number(mebibytes) * 2 ** 20) / 1e9), Number(gigabytes));
  });
});

describe('SECURITY.md', () => {
  const security = readFileSync(`${projectRoot}SECURITY.md`, 'utf8');

  it('has the largest size of a job file', () => {
    assert.equal(/The file may have (\d+) KiB/.exec(security)?.[1], String(MAX_JOB_FILE_BYTES / 1024));
  });

  it('has the most that an attempt may put into the bucket', () => {
    assert.equal(/has put (\d+) TiB there/.exec(security)?.[1], String(MOST_STORED_BYTES / 2 ** 40));
  });
});
