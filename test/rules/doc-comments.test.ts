// Who calls a function of another file reads its doc comment, not its body: meaning, units, what it throws.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import ts from 'typescript';
import { projectFiles, projectRoot } from '../support/source-files.ts';

function isExported(statement: ts.FunctionDeclaration): boolean {
  return statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false;
}

/** Right before it; a file of one function may begin with it. */
function hasDocComment(text: string, statement: ts.Node): boolean {
  const comments = ts.getLeadingCommentRanges(text, statement.pos) ?? [];
  return comments.some(
    ({ pos, end }) => text.startsWith('/**', pos) && text.slice(end, statement.getStart()).trim() === '',
  );
}

it('every exported function that is deployed has a doc comment', () => {
  const bare = projectFiles()
    .filter((path) => /^functions\/.*\.ts$/.test(path))
    .flatMap((path) => {
      const source = ts.createSourceFile(path, readFileSync(projectRoot + path, 'utf8'), ts.ScriptTarget.Latest, true);
      return source.statements
        .filter(ts.isFunctionDeclaration)
        .filter((statement) => isExported(statement) && !hasDocComment(source.text, statement))
        .map((statement) => `${path}: ${statement.name?.text ?? 'default'}`);
    });
  assert.deepEqual(bare, []);
});
