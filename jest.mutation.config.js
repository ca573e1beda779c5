const {
  testTimeout,
  projects: [project],
} = require('./jest.config.js');
const { MUTATED_MODULE = '' } = process.env;

/** The one test of the module that is mutated: it lies in `__tests__` where the module lies in the house. */
module.exports = {
  ...project,
  testTimeout,
  testMatch: [`<rootDir>/__tests__/${MUTATED_MODULE.replace(/\.ts$/, '.test.ts')}`],
};
