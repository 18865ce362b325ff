// Every test has a limit of seconds, and says in one way what it needs. A hung test is told of soon, and one that does
// not run says in a line why.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { matchesGlob } from 'node:path';
import { describe, it } from 'node:test';
import ts from 'typescript';
import { groups } from '../../scripts/test-groups.ts';
import { projectFiles, projectRoot } from '../support/source-files.ts';

const MOST_SECONDS = 240;

const inOrdinaryRuns = Object.values(groups).filter(({ onlyNamed }) => onlyNamed !== true);

/** What reads as a reason to skip, and the helpers that give one. */
const GIVES_A_REASON = /^(needs\(|skip$|onlySlow\b|runsSlowTests\b|name === 'real' && needs\()/;

/** Options of tests with a `timeout` above the limit of their group, and reasons to skip of one's own. */
function findFaults(path: string, text: string, limitSeconds: number): string[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const add = (node: ts.Node, what: string): void => {
    found.push(`${path}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1} ${what}`);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isObjectLiteralExpression(node) && isOptionsOfTest(node)) {
      const isSlow = node.properties.some((each) => ts.isSpreadAssignment(each) && each.getText() === '...onlySlow');
      for (const property of node.properties) {
        const [name = '', value = ''] = property.getText().split(/:\s*/s);
        const limit = Number(value.replaceAll('_', ''));
        if (name === 'timeout' && !isSlow && !(limit <= limitSeconds * 1000)) add(property, property.getText());
        if (name === 'skip' && value !== '' && !GIVES_A_REASON.test(value)) add(property, property.getText());
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function isOptionsOfTest({ parent }: ts.ObjectLiteralExpression): boolean {
  const call = ts.isConditionalExpression(parent) ? parent.parent : parent;
  return ts.isCallExpression(call) && /^(it|test|describe)$/.test(call.expression.getText());
}

describe('every test of npm test', () => {
  it(`has a limit of at most ${MOST_SECONDS} s`, () => {
    const limits = inOrdinaryRuns.map(({ limitSeconds }) => limitSeconds);
    assert.ok(limits.length > 3 && Math.max(...limits) <= MOST_SECONDS);
  });

  it('states no longer one, unless it is of the slow tier, and skips by the one helper of its kind', () => {
    const faults = projectFiles().flatMap((path) => {
      const group = inOrdinaryRuns.find(({ patterns }) => patterns.some((pattern) => matchesGlob(path, pattern)));
      return group === undefined ? [] : findFaults(path, readFileSync(projectRoot + path, 'utf8'), group.limitSeconds);
    });
    assert.deepEqual(faults, []);
  });

  it('is found when it does otherwise', () => {
    const text = `
      test('a', { timeout: 61_000 }, f); test('b', { timeout: 60_000 }, f); test('c', { ...onlySlow, timeout: 9e9 }, f);
      it('d', x ? {} : { timeout: LONGEST_MS }, f); describe('e', { skip: isMissing() }, f);
      describe('f', { skip: needs('kubectl') }, f); run({ timeout: 9e9 });`;
    assert.deepEqual(findFaults('x.test.ts', text, 60), [
      'x.test.ts:2 timeout: 61_000',
      'x.test.ts:3 timeout: LONGEST_MS',
      'x.test.ts:3 skip: isMissing()',
    ]);
  });
});
