// The groups of tests, each with the limit of one test in seconds: against hanging, with room for a machine several
// times slower than usual. A test that takes longer is two tests.
export interface Group {
  readonly patterns: readonly string[];
  readonly limitSeconds: number;
  /** Runs only when it is named. Its tests may state a longer `timeout` each. */
  readonly onlyNamed?: true;
}

export const groups: Readonly<Record<string, Group>> = {
  r: { patterns: ['test/r/**/*.test.ts'], limitSeconds: 180 },
  unit: { patterns: ['test/unit/**/*.test.ts', 'test/rules/**/*.test.ts'], limitSeconds: 60 },
  contract: { patterns: ['test/contract/**/*.test.ts'], limitSeconds: 150 },
  faults: { patterns: ['test/faults/**/*.test.ts'], limitSeconds: 300, onlyNamed: true },
  // Each waits for machines, pods and R, one after the other.
  journey: { patterns: ['test/journey/**/*.test.ts'], limitSeconds: 240 },
};
