import fc from 'fast-check';
import { freezePolicy } from '../../../../cli/migrate-buckets/freeze/freeze-policy';

describe('the freeze', () => {
  const statement = fc.record({ Effect: fc.constant('Allow'), Sid: fc.string() });

  it('keeps every statement of the policy, adds one, and never denies PutBucketPolicy', () => {
    fc.assert(
      fc.property(fc.array(statement, { maxLength: 4 }), (own) => {
        const policy = JSON.stringify({ Version: '2012-10-17', Id: 'mine', Statement: own });
        const frozen = JSON.parse(freezePolicy(policy, 'bucket', ['arn:aws:iam::1:role/me']));
        expect(frozen.Id).toBe('mine');
        expect(frozen.Statement.slice(0, -1)).toEqual(own);
        expect(JSON.stringify(frozen.Statement.at(-1))).not.toMatch(
          /PutBucketPolicy|DeleteBucketPolicy|s3:\*/,
        );
      }),
    );
  });

  it('refuses a policy that has no room left, before anything is changed', () => {
    const policy = JSON.stringify({ Statement: [{ Sid: 'x'.repeat(20_000) }] });
    expect(() => freezePolicy(policy, 'bucket', ['arn:aws:iam::1:role/me'])).toThrow(/too long/);
  });
});
