import { deniesOthersWrites } from '../../../../cli/migrate-buckets/doctor/frozen-destination';
import { freezePolicy, freezeStatement } from '../../../../cli/migrate-buckets/freeze/freeze-policy';

const ME = 'arn:aws:iam::111122223333:role/migrator';
const PATHED = 'arn:aws:iam::111122223333:role/*/migrator';
const OTHER = 'arn:aws:iam::111122223333:role/app';
const STATEMENT = {
  Effect: 'Deny',
  Principal: '*',
  Action: 's3:PutObject',
  Resource: 'arn:aws:s3:::new/*',
  Condition: { ArnNotLike: { 'aws:PrincipalArn': ME } },
};
const policy = (changes: object = {}) => JSON.stringify({ Statement: { ...STATEMENT, ...changes } });
const denies = (text: string | null) => deniesOthersWrites(text, 'new', [ME, PATHED]);

it.each<[string, string | null]>([
  ['what a freeze writes', freezePolicy(null, 'new', freezeStatement('new', [ME, PATHED]))],
  ['one statement, not in a list', policy()],
  ['all actions of S3', policy({ Action: ['s3:GetObject', 's3:*'] })],
  ['all actions', policy({ Action: '*' })],
  ['all principals of AWS', policy({ Principal: { AWS: '*' } })],
  ['several resources', policy({ Resource: ['arn:aws:s3:::new', 'arn:aws:s3:::new/*'] })],
  ['another partition', policy({ Resource: 'arn:aws-cn:s3:::new/*' })],
  ['both of our names', policy({ Condition: { ArnNotLike: { 'aws:PrincipalArn': [ME, PATHED] } } })],
  ['another operator', policy({ Condition: { StringNotEquals: { 'aws:principalarn': ME } } })],
  ['a statement among others', JSON.stringify({ Statement: [{ Effect: 'Allow' }, 7, STATEMENT] })],
])('counts %s', (_what, text) => {
  expect(denies(text)).toBe(true);
});

it.each<[string, string | null]>([
  ['no policy', null],
  ['what is not JSON', '{'],
  ['JSON that is not a policy', '[]'],
  ['a policy without statements', '{}'],
  ['an allowance', policy({ Effect: 'Allow' })],
  ['one principal', policy({ Principal: { AWS: OTHER } })],
  ['a service', policy({ Principal: { Service: 's3.amazonaws.com' } })],
  ['no principal', policy({ Principal: undefined })],
  ['another action', policy({ Action: 's3:PutObjectTagging' })],
  ['all actions but some', policy({ Action: undefined, NotAction: 's3:GetObject' })],
  ['a part of the objects', policy({ Resource: 'arn:aws:s3:::new/x/*' })],
  ['another bucket', policy({ Resource: 'arn:aws:s3:::old-new/*' })],
  ['what only looks like the bucket', policy({ Resource: 'x:::new/*' })],
  ['no condition, which denies us, too', policy({ Condition: undefined })],
  ['no one tested', policy({ Condition: {} })],
  ['nothing tested', policy({ Condition: { ArnNotLike: {} } })],
  ['a null for a statement', JSON.stringify({ Statement: [null] })],
  ['what only ends alike', policy({ Resource: 'xarn:aws:s3:::new/*' })],
  ['a test of nothing', policy({ Condition: { ArnNotLike: 'x' } })],
  ['somebody else exempted', policy({ Condition: { ArnNotLike: { 'aws:PrincipalArn': [ME, OTHER] } } })],
  ['a condition the other way round', policy({ Condition: { ArnLike: { 'aws:PrincipalArn': ME } } })],
  ['a test of something else', policy({ Condition: { ArnNotLike: { 'aws:SourceArn': ME } } })],
  [
    'a condition more',
    policy({ Condition: { ...STATEMENT.Condition, IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }),
  ],
  ['a key more', policy({ Condition: { ArnNotLike: { 'aws:PrincipalArn': ME, 'aws:SourceArn': OTHER } } })],
  [
    'an operator that only begins alike',
    policy({ Condition: { ArnNotLikeIfExists: { 'aws:PrincipalArn': ME } } }),
  ],
  [
    'an operator that only ends alike',
    policy({ Condition: { 'ForAnyValue:ArnNotLike': { 'aws:PrincipalArn': ME } } }),
  ],
])('does not count %s', (_what, text) => {
  expect(denies(text)).toBe(false);
});
