import { principalsOf } from '../../../../cli/migrate-buckets/aws/bucket';

it('exempts a role by its ARN, with or without a path', () => {
  expect(principalsOf('arn:aws:sts::123456789012:assumed-role/Migrator/me')).toEqual([
    'arn:aws:iam::123456789012:role/Migrator',
    'arn:aws:iam::123456789012:role/*/Migrator',
  ]);
});
