// A kind of the embedded Kubernetes is one file and one line in the registry. The file gives its objects their type as
// well. So the list of types is empty where it stands, and nobody has to look there.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { projectFiles, projectRoot } from '../support/source-files.ts';

const FOLDER = 'local-cloud/kubernetes/kinds/';
const read = (path: string): string => readFileSync(projectRoot + path, 'utf8');
const files = projectFiles().filter((path) => path.startsWith(FOLDER) && /= defineKind\(/.test(read(path)));

function plural(pattern: RegExp, text: string): string[] {
  return [...text.matchAll(pattern)].map(([, name = '']) => name).sort();
}

describe('a kind', () => {
  for (const path of files.filter((file) => !/\bstored: false\b/.test(read(file))))
    it(`${path} gives its objects their type`, () => {
      const text = read(path);
      const [, typed = ''] = /interface Objects \{\n([^}]*)\n {2}\}/.exec(text) ?? [];
      const defined = plural(/^ {2}resource: '(\w+)',$/gm, text);
      assert.ok(defined.length > 0);
      assert.deepEqual(plural(/^ {4}(\w+): /gm, typed), defined);
    });

  it('has no line where the types of all are', () => {
    assert.match(read('local-cloud/kubernetes/objects.ts'), /interface Objects \{\}/);
  });
});
