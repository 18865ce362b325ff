// Fills in the fields of every kind in local-cloud/kubernetes/schema/*-table.ts from the published Go sources of the
// API, whose tags hold what OpenAPI says and the protobuf numbers besides. Which kinds there are, and in which table,
// is what the tables say: a new kind is a line with its name, and then a run of this script.
// Usage: write-kubernetes-schema.ts API APIMACHINERY, the folders of k8s.io/api and k8s.io/apimachinery at one version.
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readPackage, SchemaWriter, type Place } from './go-schema.ts';

const folder = fileURLToPath(new URL('../local-cloud/kubernetes/schema', import.meta.url));
function folderOf(fullName: string, api: string, apimachinery: string): string {
  const meta = 'io.k8s.apimachinery.';
  if (fullName.startsWith(meta)) return join(apimachinery, ...fullName.slice(meta.length).split('.'));
  return join(api, ...fullName.slice('io.k8s.api.'.length).split('.'));
}

const [api, apimachinery] = process.argv.slice(2);
if (api === undefined || apimachinery === undefined)
  throw new Error('Usage: write-kubernetes-schema.ts API APIMACHINERY (folders of the two Go modules)');
const tables = globSync('*-table.ts', { cwd: folder }).map((name) => join(folder, name));
const places = new Map<string, Place>();
for (const table of tables) {
  for (const [, fullName = '', alias = ''] of readFileSync(table, 'utf8').matchAll(/^package (\S+) as (\S+)$/gm)) {
    const files = globSync('*types.go', { cwd: folderOf(fullName, api, apimachinery) });
    const texts = files.map((file) => readFileSync(join(folderOf(fullName, api, apimachinery), file), 'utf8'));
    places.set(fullName, { alias, sources: readPackage(texts) });
  }
}
const writer = new SchemaWriter(places);
for (const table of tables) {
  const text = readFileSync(table, 'utf8');
  const [head = '', body = ''] = text.split('`\n', 2);
  let place: Place | undefined;
  const lines = body.split('\n').flatMap((line) => {
    const [, fullName] = /^package (\S+)/.exec(line) ?? [];
    if (fullName !== undefined) place = places.get(fullName);
    const [, kind] = /^([A-Z]\w*)/.exec(line) ?? [];
    if (fullName !== undefined) return [line];
    return kind !== undefined && place ? [writer.kind(place, kind)] : [];
  });
  writeFileSync(table, `${head}\`\n${lines.join('\n')}\n\`;\n`);
  process.stdout.write(`${basename(table)}\n`);
}
