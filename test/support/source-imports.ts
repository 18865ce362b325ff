// What the project's files import and export, for the rule tests. Only the text is read: nothing is resolved.
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import ts from 'typescript';
import { projectRoot } from './source-files.ts';

export interface Import {
  readonly from: string;
  /** A project path ("functions/job/phase.ts") or a package name. */
  readonly to: string;
  /** As the other file calls them; 'all' where it cannot be said which are used. */
  readonly names: readonly string[] | 'all';
  readonly isTypeOnly: boolean;
}

function parse(path: string): ts.SourceFile {
  return ts.createSourceFile(path, readFileSync(projectRoot + path, 'utf8'), ts.ScriptTarget.Latest, false);
}

export function importsOf(path: string): Import[] {
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, names: Import['names'], isTypeOnly: boolean): void => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return;
    const { text } = specifier;
    const to = text.startsWith('.') ? posix.join(posix.dirname(path), text) : text;
    found.push({ from: path, to, names, isTypeOnly });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node))
      add(node.moduleSpecifier, namesIn(node.importClause?.namedBindings), isTypeImport(node.importClause));
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, namesIn(node.exportClause), node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, 'all', true);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0], 'all', false);
    ts.forEachChild(node, visit);
  };
  visit(parse(path));
  return found;
}

function namesIn(bindings: ts.NamedImportBindings | ts.NamedExportBindings | undefined): Import['names'] {
  if (bindings === undefined || !(ts.isNamedImports(bindings) || ts.isNamedExports(bindings))) return 'all';
  return bindings.elements.map((element) => (element.propertyName ?? element.name).text);
}

function isTypeImport(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const named = clause.namedBindings;
  const isOnlyNamed =
    clause.name === undefined && named !== undefined && ts.isNamedImports(named) && named.elements.length > 0;
  return isOnlyNamed && named.elements.every((element) => element.isTypeOnly);
}

/** Names of functions, classes and values that a file exports; types are not counted. */
export function valuesExportedBy(path: string): string[] {
  return parse(path).statements.flatMap((node) => {
    if (!ts.canHaveModifiers(node)) return [];
    if (!ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return [];
    if (ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node)) return node.name?.text ?? [];
    if (!ts.isVariableStatement(node)) return [];
    return node.declarationList.declarations.flatMap(({ name }) => {
      if (ts.isIdentifier(name)) return name.text;
      return name.elements.flatMap((each) =>
        ts.isBindingElement(each) && ts.isIdentifier(each.name) ? each.name.text : [],
      );
    });
  });
}

/** Names of types, and of the members of classes and types. Members of objects are left out: others may want them. */
export function membersAndTypesIn(path: string): string[] {
  const names: string[] = [];
  const visit = (node: ts.Node): void => {
    const isType = ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node);
    const members =
      ts.isClassLike(node) || ts.isInterfaceDeclaration(node) || ts.isTypeLiteralNode(node) ? node.members : [];
    for (const { name } of [...members, ...(isType ? [node] : [])])
      if (name && (ts.isIdentifier(name) || ts.isPrivateIdentifier(name))) names.push(name.text.replace('#', ''));
    ts.forEachChild(node, visit);
  };
  visit(parse(path));
  return names;
}
