// The linter's part of `npm run check`: above all no forgotten promise (in a function that is silently frozen work)
// and the size budget.
import js from '@eslint/js';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['node_modules', 'build', '.local', '**/*.mjs', 'eslint.config.js'] },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            { from: 'package', name: ['test', 'it', 'describe', 'suite'], package: 'node:test' },
          ],
        },
      ],
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      complexity: ['error', { max: 12, variant: 'modified' }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'max-lines': ['error', { max: 300, skipBlankLines: false }],
      eqeqeq: 'error',
    },
  },
  {
    // Mapping a vendor's object with its optional fields: every `?.` and `??` counts as a branch, and none of them is
    // one for the reader.
    files: ['functions/adapters/*.ts', 'functions/job/job-status.ts', 'local-cloud/kubernetes/kinds/**/*.ts'],
    rules: { complexity: ['error', { max: 30, variant: 'modified' }] },
  },
  {
    // What comes from outside is unknown until a schema or a small reader has looked at it. Only the tests that drive a
    // service reach into its answers as they are, to compare their fields.
    files: ['**/*.ts'],
    ignores: ['test/contract/**', 'test/journey/**', 'test/support/**'],
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unsafe-argument': 'error',
      '@typescript-eslint/no-unsafe-assignment': 'error',
      '@typescript-eslint/no-unsafe-call': 'error',
      '@typescript-eslint/no-unsafe-member-access': 'error',
      '@typescript-eslint/no-unsafe-return': 'error',
    },
  },
  {
    // Nothing but tests asserts that a value is there: a union, an early return or a sentence (job/assert.ts) says it.
    files: ['functions/**/*.ts', 'local-cloud/**/*.ts', 'cli/**/*.ts', 'scripts/**/*.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'error' },
  },
  { files: ['local-cloud/**/*.ts'], rules: { 'max-lines': ['error', { max: 400 }] } },
  {
    // The list of kinds begins empty: each kind adds itself in its own file.
    files: ['local-cloud/kubernetes/objects.ts'],
    rules: { '@typescript-eslint/no-empty-object-type': ['error', { allowWithName: '^Objects$' }] },
  },
  { files: ['test/**/*.ts', 'testing/**/*.ts', 'bench/**/*.ts'], rules: { 'max-lines-per-function': 'off' } },
  {
    files: ['test/contract/**/*.ts', 'test/journey/**/*.ts', 'test/support/**/*.ts'],
    rules: { '@typescript-eslint/no-explicit-any': 'off' },
  },
);
