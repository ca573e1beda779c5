import { leaseFindings, leaseRenewal } from '../../../stacks/guards/lease-renewal';
import { findings } from '../../support/guard-findings';

it.each([
  [90, 30],
  [90, 1],
  [1, 1 / 3],
])('accepts that a lease of %d s is renewed every %d s', (length, renewal) => {
  expect(leaseFindings(length, renewal)).toEqual([]);
});

it.each([
  [90, 31, 30],
  [92, 31, 30],
  [60, 0, 20],
  [60, -1, 20],
])('refuses that a lease of %d s is renewed every %d s, and tells %d s', (length, renewal, most) => {
  expect(leaseFindings(length, renewal)).toEqual([
    {
      where: 'contracts/lease.ts',
      what: expect.stringMatching(RegExp(`A lease of ${length} s is renewed every ${renewal} s`)),
      remedy: expect.stringContaining(`every ${most} s at most`),
    },
  ]);
});

it("accepts the contract's own numbers", () => {
  expect(findings(leaseRenewal, {})).toEqual([]);
});

it("looks at the contract's numbers", () => {
  jest.isolateModules(() => {
    jest.doMock('../../../contracts/lease', () => ({ LEASE_SECONDS: 60, LEASE_RENEWAL_SECONDS: 21 }));
    const { leaseRenewal: another } = require('../../../stacks/guards/lease-renewal');
    expect(another()).toHaveLength(1);
  });
});
