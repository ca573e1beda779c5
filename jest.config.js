const { join } = require('node:path');
const localAws = require('./packages/local-aws/jest.config.js');

// Programs that tests start from another folder find `local-aws` in its sources, as the tests themselves do.
process.env.TSX_TSCONFIG_PATH = join(__dirname, 'tsconfig.json');

/** @type {import('jest').Config} */
module.exports = {
  // Two cores are what CI has. A third worker fills them while suites wait: for Terraform, for seconds of S3's clock.
  maxWorkers: 3,
  testSequencer: './__tests__/support/longest-first.cjs',
  // Ends what hangs. However slow the machine is, nothing else meets it.
  testTimeout: 900_000,
  globalSetup: './__tests__/support/built-programs.ts',
  globalTeardown: './__tests__/support/remove-built-programs.ts',
  reporters: ['default', '<rootDir>/__tests__/support/closing-reporter.cjs'],
  projects: [
    {
      rootDir: __dirname,
      displayName: 'test',
      testEnvironment: 'node',
      testMatch: ['<rootDir>/__tests__/**/*.test.ts'],
      transform: localAws.transform,
      moduleNameMapper: { '^local-aws$': '<rootDir>/packages/local-aws/src' },
      modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/cdktf.out', '<rootDir>/.cache'],
    },
    localAws,
  ],
};
