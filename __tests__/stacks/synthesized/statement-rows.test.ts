import { cellsFrom, policiesOf, statementRows, textOf } from '../../../stacks/synthesized/statement-rows';
import { type Blocks, formOf } from '../../support/guard-findings';

const rows = (blocks: Blocks) => statementRows(formOf(blocks));
const cells = (statement: object) => {
  const [row] = rows({ 'aws_kms_key.mine': { policy: JSON.stringify({ Statement: statement }) } });
  return row?.cells;
};

it('says all that a statement says, single values as lists of one', () => {
  expect(
    cells({
      Sid: 'Mine',
      Effect: 'Allow',
      Principal: { Service: ['a.amazonaws.com', 'b.amazonaws.com'], AWS: 'arn' },
      Action: 's3:GetObject',
      Resource: ['x', 'y'],
      Condition: { StringEquals: { 'aws:SourceAccount': '1', b: ['2', '3'] }, Bool: { c: true } },
    }),
  ).toEqual({
    policy: '`aws_kms_key.mine`',
    sid: '`Mine`',
    effect: 'Allow',
    principals: 'Service `a.amazonaws.com`<br>`b.amazonaws.com`<br>AWS `arn`',
    actions: '`s3:GetObject`',
    resources: '`x`<br>`y`',
    conditions: 'StringEquals: aws:SourceAccount `1`<br>b `2`<br>`3`<br>Bool: c `true`',
  });
});

it('leaves empty what a statement does not say', () => {
  expect(cells({ Effect: 'Deny' })).toEqual({
    policy: '`aws_kms_key.mine`',
    sid: '',
    effect: 'Deny',
    principals: '',
    actions: '',
    resources: '',
    conditions: '',
  });
});

it('takes "*" for every AWS principal, as IAM does', () => {
  expect(cells({ Principal: '*' })?.principals).toBe('AWS `*`');
  expect(cells({ Principal: 'arn' })?.principals).toBe('`arn`');
  expect(cells({ Principal: ['*'] })?.principals).toBe('`*`');
});

it('shows what turns a statement round', () => {
  expect(cells({ NotAction: 'iam:*', NotPrincipal: { AWS: 'arn' } })?.conditions).toBe(
    'NotAction: `iam:*`<br>NotPrincipal: `{"AWS":"arn"}`',
  );
});

it('has a row for each statement of each policy, with the block that states it', () => {
  const Statement = [{ Sid: 'A' }, { Sid: 'B' }];
  const found = rows({
    'aws_iam_role.mine': { assume_role_policy: JSON.stringify({ Statement }) },
    'aws_kms_key.mine': { policy: JSON.stringify({ Statement: Statement[0] }) },
    'aws_sqs_queue.mine': { redrive_policy: JSON.stringify({ Statement }) },
    'aws_kms_key.unread': { policy: `\${data.x.y.json}` },
  });
  expect(found.map(({ block, cells: { sid } }) => [block.address, sid])).toEqual([
    ['aws_iam_role.mine', '`A`'],
    ['aws_iam_role.mine', '`B`'],
    ['aws_kms_key.mine', '`A`'],
  ]);
});

it.each([
  ['aws_iam_role_policy', 'role', 'aws_iam_role'],
  ['aws_s3_bucket_policy', 'bucket', 'aws_s3_bucket'],
  ['aws_sqs_queue_policy', 'queue_url', 'aws_sqs_queue'],
  ['aws_sns_topic_policy', 'arn', 'aws_sns_topic'],
  ['aws_efs_file_system_policy', 'file_system_id', 'aws_efs_file_system'],
])('names what an %s is about', (type, attribute, owner) => {
  const policy = '{"Statement":[{}]}';
  const about = (value: string) =>
    rows({ [`${owner}.mine`]: {}, [`${type}.x`]: { [attribute]: value, policy } });
  expect(about(`\${${owner}.mine.id}`)[0]?.cells.policy).toBe(`\`${type}\` of \`${owner}.mine\``);
  expect(about('elsewhere')[0]?.cells.policy).toBe(`\`${type}\` of \`elsewhere\``);
});

it('says of a policy that cannot be read that it is there', () => {
  const policies = (attributes: object) => {
    const [block] = formOf({ 'aws_kms_key.mine': attributes }).managed;
    return block && policiesOf(block);
  };
  expect(policies({ policy: 'no JSON' })).toStrictEqual([undefined]);
  expect(policies({ policy: '{}', assume_role_policy: '{"a":1}' })).toEqual([{}, { a: 1 }]);
  expect(policies({ block_public_policy: true })).toStrictEqual([]);
});

it('can be read back from its text, whatever its values are', () => {
  const [row] = rows({
    'aws_kms_key.mine': {
      policy: JSON.stringify({ Statement: { Sid: 'a | b', Action: 'x\ny', Resource: '| c |' } }),
    },
  });
  if (row === undefined) throw new Error('There is a statement.');
  const text = textOf(row.cells);
  expect(text).toBe('| `aws_kms_key.mine` | `a \\| b` | undefined |  | `x y` | `\\| c \\|` |  |');
  expect(cellsFrom(text)).toEqual(row.cells);
});

it('is read as empty from a line that is none', () => {
  expect(Object.values(cellsFrom('')).join('')).toBe('');
});
