import { notCarriedBy } from '../../../../cli/migrate-buckets/planning/not-carried';

describe('what the copy of an object lacks', () => {
  const nothing = { kms_keys: false, website_redirects: false, object_locks: false };

  it('is nothing of a plain object', () => {
    expect(notCarriedBy({})).toEqual(nothing);
    expect(notCarriedBy({ ObjectLockLegalHoldStatus: 'OFF' })).toEqual(nothing);
  });

  it('is its key, its redirect, its retention and its legal hold', () => {
    expect(notCarriedBy({ SSEKMSKeyId: 'k' })).toEqual({ ...nothing, kms_keys: true });
    expect(notCarriedBy({ WebsiteRedirectLocation: '/x' })).toEqual({ ...nothing, website_redirects: true });
    expect(notCarriedBy({ ObjectLockMode: 'GOVERNANCE' })).toEqual({ ...nothing, object_locks: true });
    expect(notCarriedBy({ ObjectLockLegalHoldStatus: 'ON' })).toEqual({ ...nothing, object_locks: true });
  });
});
