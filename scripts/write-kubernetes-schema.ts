// Fills in the fields of every kind, in kinds/ and in the tables of schema/ (both in local-cloud/kubernetes), from the
// published Go sources of the API. Their tags hold what OpenAPI says, and the protobuf numbers besides. The files say
// which types there are: a new type is a line with its name, and then a run of this script.
// Usage: write-kubernetes-schema.ts API APIMACHINERY, the folders of k8s.io/api and k8s.io/apimachinery at one version.
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { kinds } from '../local-cloud/kubernetes/kinds/registry.ts';
import { packageOf } from '../local-cloud/kubernetes/schema/schema.ts';
import { readPackage, SchemaWriter, type Place } from './go-schema.ts';

const folder = fileURLToPath(new URL('../local-cloud/kubernetes', import.meta.url));
const PACKAGE = /^package (\S+) as (\S+)$/gm;

function folderOf(fullName: string, api: string, apimachinery: string): string {
  const meta = 'io.k8s.apimachinery.';
  if (fullName.startsWith(meta)) return join(apimachinery, ...fullName.slice(meta.length).split('.'));
  return join(api, ...fullName.slice('io.k8s.api.'.length).split('.'));
}

const [api, apimachinery] = process.argv.slice(2);
if (api === undefined || apimachinery === undefined)
  throw new Error('Usage: write-kubernetes-schema.ts API APIMACHINERY (folders of the two Go modules)');
const files = globSync('{kinds,schema}/**/*.ts', { cwd: folder })
  .map((name) => join(folder, name))
  .map((path) => ({ path, text: readFileSync(path, 'utf8') }));
const tables = files.filter(({ path }) => path.endsWith('-table.ts'));

/** The packages that tables name, and those of the kinds, by their full names. */
const packages = new Map<string, string>(
  kinds.map(({ group, version }) => [packageOf(group, version), group.split('.')[0] ?? '']),
);
for (const { text } of tables)
  for (const [, fullName = '', alias = ''] of text.matchAll(PACKAGE)) packages.set(fullName, alias);
const places = new Map<string, Place>();
for (const [fullName, alias] of packages) {
  const cwd = folderOf(fullName, api, apimachinery);
  const texts = globSync('*types.go', { cwd }).map((file) => readFileSync(join(cwd, file), 'utf8'));
  places.set(fullName, { alias, sources: readPackage(texts) });
}
const writer = new SchemaWriter(places);

/** The same types of the package, or of those that the text itself names, with the fields that the sources have. */
function fillIn(fields: string, packageName: string): string {
  let place = places.get(packageName);
  return fields
    .split('\n')
    .flatMap((line) => {
      const [, fullName] = /^package (\S+)/.exec(line) ?? [];
      if (fullName !== undefined) place = places.get(fullName);
      const [, type] = /^([A-Z]\w*)/.exec(line) ?? [];
      if (type !== undefined && place) return [writer.kind(place, type)];
      return line.startsWith('  ') ? [] : [line];
    })
    .join('\n');
}

for (const { path, text } of files) {
  let next = text;
  if (path.endsWith('-table.ts')) next = text.replace(/`[^`]*`/, (table) => fillIn(table, ''));
  for (const { group, version, fields } of kinds)
    next = next.replace(`\`${fields}\``, () => `\`${fillIn(fields, packageOf(group, version))}\``);
  if (next !== text) writeFileSync(path, next);
}
