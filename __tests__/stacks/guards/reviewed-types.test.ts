import { parseConfig } from '../../../stacks/config';
import { reviewedTypes } from '../../../stacks/guards/reviewed-types';
import { findings, formOf, one } from '../../support/guard-findings';

it('accepts what was reviewed', () => {
  expect(
    findings(reviewedTypes, { 'aws_s3_bucket.a': {}, 'aws_iam_role.b': {}, 'data.aws_partition.c': {} }),
  ).toEqual([]);
});

it.each(['aws_s3_directory_bucket.a', 'awscc_s3_bucket.a', 'data.external.a', 'data.aws_s3_bucket.a'])(
  'refuses %s, which nobody has reviewed',
  (address) => {
    expect(findings(reviewedTypes, { [address]: {} })).toEqual(
      one(RegExp(`^${address}: ${address} is of a type that nobody has reviewed`)),
    );
  },
);

it('does not take a data source for the resource of its type, nor the other way round', () => {
  expect(findings(reviewedTypes, { 'data.aws_iam_role.a': {}, 'aws_partition.b': {} })).toHaveLength(2);
});

it('takes a type for the one that its whole name says', () => {
  expect(findings(reviewedTypes, { 'aws_s3_bucket_acl.a': {}, 'aws_s3.bucket': {} })).toHaveLength(2);
});

const DATA_SOURCE = { 'data.aws_lambda_function.old': {} };

it('refuses what no setting asks for, and says which would', () => {
  expect(findings(reviewedTypes, DATA_SOURCE)).toEqual(
    one(/^data\.aws_lambda_function\.old: .* is here although no setting asks for it\.$/),
  );
  expect(findings(reviewedTypes, DATA_SOURCE, { consumer: { legacyFunction: 'old' } })).toEqual([]);
  const [found] = reviewedTypes(formOf(DATA_SOURCE), parseConfig({}, 'test'));
  expect(found?.remedy).toBe('Set consumer to {"legacyFunction": …} in the configuration, or remove it.');
});

it('says where a type is added that somebody means', () => {
  const [found] = reviewedTypes(formOf({ 'aws_kinesis_stream.a': {} }), parseConfig({}, 'test'));
  expect(found?.remedy).toMatch(/add its type to a table in stacks\/guards\/reviewed, .* CONTRIBUTING\.md/);
});
