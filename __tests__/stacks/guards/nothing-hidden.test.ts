import { nothingHidden } from '../../../stacks/guards/nothing-hidden';
import { findings, one } from '../../support/guard-findings';

it('accepts resources that are written out, and a form without modules', () => {
  expect(findings(nothingHidden, { 'aws_s3_bucket.chromadb': { name: 'x' } })).toEqual([]);
});

it('refuses every module', () => {
  const module = { first: { source: 'x' }, second: { source: 'y' } };
  expect(findings(nothingHidden, {}, {}, { module })).toEqual([
    expect.stringMatching(/^module.first: A module is used/),
    expect.stringMatching(/^module.second: /),
  ]);
});

it.each(['aws_sqs_queue.mine', 'data.aws_sqs_queue.mine'])(
  'refuses a count and a for_each of %s',
  (address) => {
    for (const attributes of [{ count: 1 }, { for_each: {} }]) {
      expect(findings(nothingHidden, { [address]: attributes })).toEqual(
        one(RegExp(`^${address}: .*may exist more than once`)),
      );
    }
  },
);

it('refuses a provisioner', () => {
  expect(findings(nothingHidden, { 'aws_sqs_queue.mine': { provisioner: {} } })).toEqual(
    one(/can make anything by other means/),
  );
});

it.each([
  'aws_cloudformation_stack',
  'aws_cloudformation_stack_instances',
  'aws_cloudcontrolapi_resource',
  'aws_serverlessapplicationrepository_cloudformation_stack',
  'aws_lambda_invocation',
  'null_resource',
  'terraform_data',
])('refuses a %s, which makes what is written nowhere', (type) => {
  expect(findings(nothingHidden, { [`${type}.mine`]: {} })).toEqual(one(/can make anything by other means/));
});

it('lets the state record what it was made for, and no more than that', () => {
  expect(findings(nothingHidden, { 'terraform_data.environment': { input: 'dev' } })).toEqual([]);
  expect(findings(nothingHidden, { 'terraform_data.environment': { provisioner: {} } })).toHaveLength(1);
  expect(findings(nothingHidden, { 'null_resource.environment': {} })).toHaveLength(1);
});
