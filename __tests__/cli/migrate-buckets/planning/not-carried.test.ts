import { NotCarriedSurvey, notCarriedBy } from '../../../../cli/migrate-buckets/planning/not-carried';
import { useEmbeddedS3 } from '../../../support/embedded-s3';

const embedded = useEmbeddedS3();

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

describe('a survey of what copies will lack', () => {
  it('passes over an object that was changed or went since it was listed: apply will see what it became', async () => {
    const bucket = await embedded.bucket();
    const object = await embedded.put(bucket, 'a', 'as listed');
    const changed = { ...(await embedded.put(bucket, 'b', 'changed')), etag: object.etag };
    const survey = new NotCarriedSurvey(embedded.s3, false);
    for (const each of [object, changed, { ...object, key: 'gone' }])
      await survey.offer({ bucket, object: each });
    expect(await survey.finish(bucket)).toMatchObject({ objects: 3, examined: 1 });
    // Some servers take an ETag without its quotes for another one.
    const conditions = (await embedded.admin.conditionalRequests()).map(
      (each) => each.conditions['if-match'],
    );
    expect(conditions).toContain(`"${object.etag}"`);
    expect(conditions).not.toContain(object.etag);
  });
});
