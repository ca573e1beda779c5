import { complaints } from '../../support/guarded-stack';

jest.mock('../../../contracts/lease', () => ({ LEASE_SECONDS: 60, LEASE_RENEWAL_SECONDS: 30 }));

it('refuses a stack whose contract renews the lease later than at a third of it', () => {
  expect(complaints(() => {})).toMatch(
    /leaseRenewal: contracts\/lease.ts: A lease of 60 s is renewed every 30 s.*Renew every 20 s at most/,
  );
});
