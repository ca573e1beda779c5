import fc from 'fast-check';
import {
  freezeStatement,
  isFreezePolicy,
  withoutReplication,
  freezePolicy as withStatement,
} from '../../../../cli/migrate-buckets/freeze/freeze-policy';

const freezePolicy = (policy: string | null, bucket: string, principals: readonly string[]) =>
  withStatement(policy, bucket, freezeStatement(bucket, principals));

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

  const ME = 'arn:aws:iam::1:role/me';
  const frozen = (policy: string | null, principals: readonly string[] = [ME]) =>
    JSON.parse(freezePolicy(policy, 'bucket', principals));

  it('denies every action that changes an object, and no other, to everybody but the given', () => {
    expect(frozen(null, [ME, 'arn:aws:iam::1:role/*/me'])).toEqual({
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'MigrateBucketsFreeze',
          Effect: 'Deny',
          Principal: '*',
          Action: [
            's3:PutObject',
            's3:PutObjectAcl',
            's3:PutObjectTagging',
            's3:PutObjectVersionTagging',
            's3:PutObjectVersionAcl',
            's3:DeleteObject',
            's3:DeleteObjectVersion',
            's3:DeleteObjectTagging',
            's3:DeleteObjectVersionTagging',
            's3:RestoreObject',
            's3:ReplicateObject',
            's3:ReplicateDelete',
            's3:ReplicateTags',
          ],
          Resource: 'arn:aws:s3:::bucket/*',
          Condition: { ArnNotLike: { 'aws:PrincipalArn': [ME, 'arn:aws:iam::1:role/*/me'] } },
        },
      ],
    });
  });

  it.each([
    [['arn:aws-us-gov:iam::1:role/me'], 'aws-us-gov'],
    [['arn:aws-cn:iam::1:role/me', ME], 'aws-cn'],
    [[], 'aws'],
    [['an arn:aws-cn:iam::1:role/me'], 'aws'],
    [['arn::iam'], 'aws'],
  ])('names the bucket in the partition of %j', (principals, partition) => {
    expect(frozen(null, principals).Statement[0].Resource).toBe(`arn:${partition}:s3:::bucket/*`);
  });

  it('keeps a lone statement, and one that is no object', () => {
    const own = { Sid: 'Own', Effect: 'Allow' };
    const statements = frozen(JSON.stringify({ Statement: own })).Statement;
    expect(statements).toEqual([own, expect.objectContaining({ Sid: 'MigrateBucketsFreeze' })]);
    expect(frozen(JSON.stringify({ Statement: [null] })).Statement).toHaveLength(2);
  });

  it('stands once, however often a bucket is frozen, for those who froze it last', () => {
    const once = freezePolicy(JSON.stringify({ Statement: [{ Sid: 'Own' }] }), 'bucket', [
      'arn:aws:iam::1:role/first',
    ]);
    const { Statement } = frozen(once);
    expect(Statement).toEqual([{ Sid: 'Own' }, frozen(null).Statement[0]]);
  });

  it('fills a policy up to what S3 takes, counted in bytes, and not one byte more', () => {
    const policyOf = (fill: string) => JSON.stringify({ Statement: [{ Sid: fill }] });
    const room = 20_480 - Buffer.byteLength(freezePolicy(policyOf(''), 'bucket', [ME]));
    expect(Buffer.byteLength(freezePolicy(policyOf('x'.repeat(room)), 'bucket', [ME]))).toBe(20_480);
    expect(() => freezePolicy(policyOf('x'.repeat(room + 1)), 'bucket', [ME])).toThrow(
      /policy of bucket is too long .*20480 bytes/,
    );
    expect(() => freezePolicy(policyOf('é'.repeat(room)), 'bucket', [ME])).toThrow(/too long/);
  });

  it('refuses a policy that is not JSON', () => {
    expect(() => freezePolicy('{', 'bucket', [ME])).toThrow(/The policy of bucket is not JSON/);
  });

  it('is known by its own statement alone', () => {
    expect(isFreezePolicy(freezePolicy(null, 'bucket', [ME]))).toBe(true);
    expect(isFreezePolicy(JSON.stringify({ Statement: [{ Sid: 'MigrateBucketsFreezeNot' }] }))).toBe(false);
    expect(isFreezePolicy(null)).toBe(false);
    expect(isFreezePolicy('not JSON')).toBe(false);
  });
});

it('C14: leaves out the actions of replication where a server refuses them, and nothing else', () => {
  const whole = freezeStatement('old', ['arn:aws:iam::1:user/me']);
  const actions = whole.Action as string[];
  const shorter = actions.filter((action) => !action.includes('Replicate'));
  expect(withoutReplication(whole)).toEqual({ ...whole, Action: shorter });
  expect(actions.length - shorter.length).toBe(3);
  expect(withoutReplication({ Action: 's3:*' })).toEqual({ Action: 's3:*' });
});
