// The SDK's advice to leave Node 20 would stand between the results of every suite.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

/** @type {import('jest').Config} */
const shared = {
  rootDir: __dirname,
  testEnvironment: 'node',
  transform: {
    '\\.[cm]?ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
        module: { type: 'commonjs', ignoreDynamic: true },
      },
    ],
  },
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/cdktf.out'],
};

module.exports = {
  // Two cores are what CI has; integration suites start servers of their own, so more workers only queue.
  maxWorkers: 2,
  testTimeout: 120_000,
  reporters: ['default', '<rootDir>/__tests__/support/closing-reporter.cjs'],
  projects: [
    { ...shared, displayName: 'test', testMatch: ['<rootDir>/{,packages/*/}__tests__/**/*.test.ts'] },
  ],
};
