const { MUTATED_MODULE = '' } = process.env;
const folder = `.cache/mutation/${MUTATED_MODULE.replaceAll('/', '_')}`;

/**
 * How `npm run mutate` runs Stryker for one module: it is changed in every way that Stryker knows, and its own test
 * must notice.
 */
module.exports = {
  mutate: [MUTATED_MODULE],
  testRunner: 'jest',
  plugins: ['@stryker-mutator/jest-runner'],
  jest: { configFile: 'jest.mutation.config.js' },
  coverageAnalysis: 'perTest',
  concurrency: 1,
  tempDirName: `${folder}/sandboxes`,
  // A guard compares with the one page.
  ignorePatterns: ['.cache', 'cdktf.out', 'dist', 'docs/*', '!docs/policy-statements.md'],
  reporters: ['json'],
  jsonReporter: { fileName: `${folder}/report.json` },
};
