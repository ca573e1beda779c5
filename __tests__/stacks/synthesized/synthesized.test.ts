import type { TerraformStack } from 'cdktf';
import { physicalName, Synthesized } from '../../../stacks/synthesized/synthesized';
import { formOf } from '../../support/guard-findings';

const addresses = (found: readonly { address: string }[]) => found.map(({ address }) => address);

describe('the form', () => {
  const form = formOf({
    'aws_sqs_queue.lines': { name: 'my-lines', '//': { metadata: { path: 'stack/lines' } } },
    'aws_sqs_queue.words': [{ name: 'my-words' }],
    'aws_iam_role.one': { name: 'my-lines-role' },
    'aws_subnet.one': { name: 'a-subnet' },
    'data.aws_sqs_queue.again': { name: 'my-lines' },
    'data.aws_sqs_queue.foreign': { name: 'theirs' },
    'data.aws_iam_role.lines': { name: 'my-lines' },
    'data.aws_subnet.read': {},
  });

  it('gives resources and data sources by type, each apart', () => {
    expect(addresses(form.resources('aws_sqs_queue', 'aws_iam_role'))).toEqual([
      'aws_sqs_queue.lines',
      'aws_sqs_queue.words',
      'aws_iam_role.one',
    ]);
    expect(addresses(form.data('aws_sqs_queue'))).toEqual([
      'data.aws_sqs_queue.again',
      'data.aws_sqs_queue.foreign',
    ]);
    expect(form.resources()).toEqual([]);
    expect(form.everything).toHaveLength(8);
  });

  it('tells where a block is: by its construct, or by its address', () => {
    expect(form.resources('aws_sqs_queue')).toMatchObject([
      { type: 'aws_sqs_queue', name: 'lines', where: 'stack/lines' },
      { where: 'aws_sqs_queue.words', attributes: { name: 'my-words' } },
    ]);
  });

  it('of a stack without either is empty', () => {
    expect(new Synthesized({}).everything).toEqual([]);
    expect(new Synthesized({ resource: { aws_sqs_queue: null }, data: 'x' }).everything).toEqual([]);
  });

  it('is what a stack synthesizes to', () => {
    const stack = { toTerraform: () => ({ resource: { aws_sqs_queue: { mine: {} } } }) };
    expect(addresses(Synthesized.of(stack as TerraformStack).everything)).toEqual(['aws_sqs_queue.mine']);
  });

  it('takes a reference to one of two of the same name for what it says', () => {
    const twice = formOf({
      'aws_sqs_queue.first': { name: 'same' },
      'aws_sqs_queue.second': { name: 'same' },
    });
    expect(twice.target(`\${aws_sqs_queue.second.arn}`)?.address).toBe('aws_sqs_queue.second');
  });

  it.each([
    [`\${aws_sqs_queue.lines.arn}`, 'aws_sqs_queue.lines'],
    [`\${aws_sqs_queue.lines.some.thing}`, 'aws_sqs_queue.lines'],
    ['arn:aws:sqs:us-east-1:123456789012:my-lines', 'aws_sqs_queue.lines'],
    ['https://sqs.us-east-1.amazonaws.com/123456789012/my-words', 'aws_sqs_queue.words'],
    ['my-words', 'aws_sqs_queue.words'],
    ['arn:aws:iam::123456789012:role/my-lines-role', 'aws_iam_role.one'],
    // A data source of what this stack makes means the thing itself; another stands for itself.
    [`\${data.aws_sqs_queue.again.arn}`, 'aws_sqs_queue.lines'],
    [`\${data.aws_sqs_queue.foreign.arn}`, 'data.aws_sqs_queue.foreign'],
    [`\${data.aws_iam_role.lines.arn}`, 'data.aws_iam_role.lines'],
    [`\${data.aws_subnet.read.id}`, 'data.aws_subnet.read'],
    [`\${aws_subnet.one.id}`, 'aws_subnet.one'],
  ])('knows what %s means', (value, address) => {
    expect(form.target(value)?.address).toBe(address);
  });

  it.each([
    `\${aws_sqs_queue.unknown.arn}`,
    `\${aws_iam_role.lines.arn}`,
    `\${data.aws_sqs_queue.lines.arn}`,
    `\${aws_sqs_queue.again.arn}`,
    `\${aws_sqs_queue.lines}`,
    `x\${aws_sqs_queue.lines.arn}`,
    `\${aws_sqs_queue.lines.arn}x`,
    `\${replace(aws_sqs_queue.words.arn, "words", "lines")}`,
    // An expression may end in a name and mean another.
    `\${var.x}:my-lines`,
    'a-subnet',
    'xmy-lines',
    '',
    undefined,
    7,
    ['my-lines'],
  ])('does not guess what %p means', (value) => {
    expect(form.target(value)).toBeUndefined();
  });
});

it.each([
  ['aws_s3_bucket', 'bucket'],
  ['aws_sqs_queue', 'name'],
  ['aws_dynamodb_table', 'name'],
  ['aws_lambda_function', 'function_name'],
  ['aws_iam_role', 'name'],
  ['aws_cloudwatch_log_group', 'name'],
  ['aws_sns_topic', 'name'],
])('the name of an %s in AWS is its %s', (type, attribute) => {
  const named = { type, name: 'x', address: '', where: '' };
  expect(physicalName({ ...named, attributes: { [attribute]: 'mine', other: 'x' } })).toBe('mine');
  expect(physicalName({ ...named, attributes: { other: 'x' } })).toBeUndefined();
});

it('has no name in AWS for a type whose names do not matter', () => {
  const subnet = { type: 'aws_subnet', name: '', address: '', where: '', attributes: { name: 'x' } };
  expect(physicalName(subnet)).toBeUndefined();
});

describe('what expressions refer to', () => {
  const form = formOf(
    {
      'aws_sqs_queue.lines': { name: 'my-lines' },
      'aws_sqs_queue.words': {},
      'data.aws_sqs_queue.lines': {},
      'aws_s3_bucket.chromadb': {},
      'aws_s3_bucket_policy.of-it': { policy: `{"Resource":["\${aws_s3_bucket.chromadb.arn}/*"]}` },
      'aws_s3_bucket_policy.of-none': { policy: 'aws_s3_bucket.chromadb.arn' },
    },
    { output: [{ bucket: [{ value: 'x' }], queue: { value: 7 } }] },
  );
  const referenced = (part: unknown) => addresses(form.referenced(part));

  it.each([
    [{ deep: [{ arn: `\${aws_sqs_queue.lines.arn}` }] }, ['aws_sqs_queue.lines']],
    [`\${data.aws_sqs_queue.lines.arn}`, ['data.aws_sqs_queue.lines']],
    [
      `\${join(",", [aws_sqs_queue.lines.arn, aws_sqs_queue.words.arn])}`,
      ['aws_sqs_queue.lines', 'aws_sqs_queue.words'],
    ],
    [
      `{"a":"\${aws_sqs_queue.words.arn}"} and \${aws_sqs_queue.lines.arn}`,
      ['aws_sqs_queue.lines', 'aws_sqs_queue.words'],
    ],
    ['aws_sqs_queue.lines.arn', []],
    [`\${aws_sqs_queue.unknown.arn}`, []],
    [`\${my_aws_sqs_queue.lines.arn}`, []],
    [`\${aws_sqs_queue.lines}`, []],
    [undefined, []],
  ])('in %j is %j', (part, expected) => {
    expect(referenced(part)).toEqual(expected);
  });

  it('tells whether something is mentioned, and what of a type is about it', () => {
    const [bucket, queue] = form.resources('aws_s3_bucket', 'aws_sqs_queue').reverse();
    const about = (target: typeof bucket) => target && addresses(form.about(target, 'aws_s3_bucket_policy'));
    expect(bucket && form.mentions(`\${aws_s3_bucket.chromadb.arn}`, bucket)).toBe(true);
    expect(queue && form.mentions(`\${aws_s3_bucket.chromadb.arn}`, queue)).toBe(false);
    expect(about(bucket)).toEqual(['aws_s3_bucket_policy.of-it']);
    expect(about(queue)).toEqual([]);
  });

  it('gives the values of all outputs, and none where there are none', () => {
    expect(form.outputs).toEqual({ bucket: 'x', queue: 7 });
    expect(formOf({}).outputs).toEqual({});
  });
});
