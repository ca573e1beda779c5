import { parseConfig } from '../../../stacks/config';
import { stateful } from '../../../stacks/guards/stateful';
import { type Blocks, findings, formOf, one } from '../../support/guard-findings';

const KEPT = { lifecycle: [{ prevent_destroy: true }] };
const TABLE = {
  ...KEPT,
  deletion_protection_enabled: true,
  point_in_time_recovery: [{ enabled: true }],
};
const RIGHT: Blocks = {
  'aws_s3_bucket.chromadb': KEPT,
  'aws_dynamodb_table.compaction_runs': TABLE,
  'aws_efs_file_system.chroma': KEPT,
  'aws_sqs_queue.lines': KEPT,
  'aws_kms_key.encryption': KEPT,
  'aws_iam_role.stateless': {},
};

it('accepts what holds data when nothing can destroy it', () => {
  expect(findings(stateful, RIGHT)).toEqual([]);
  expect(
    findings(stateful, { ...RIGHT, 'aws_s3_bucket.chromadb': { ...KEPT, force_destroy: false } }),
  ).toEqual([]);
});

it.each(Object.keys(RIGHT).filter((address) => address !== 'aws_iam_role.stateless'))(
  'refuses %s without prevent_destroy, and where something else replaces it',
  (address) => {
    const changed = (lifecycle: object) =>
      findings(stateful, { ...RIGHT, [address]: { ...RIGHT[address], lifecycle: [lifecycle] } });
    for (const lifecycle of [{}, { prevent_destroy: false }]) {
      expect(changed(lifecycle)).toEqual(one(RegExp(`^${address}: ${address} lacks prevent_destroy`)));
    }
    expect(changed({ prevent_destroy: true, replace_triggered_by: [] })).toEqual(
      one(/is replaced when something else changes/),
    );
  },
);

it.each([
  ['aws_s3_bucket.chromadb', { force_destroy: true }, 'has force_destroy'],
  ['aws_dynamodb_table.compaction_runs', { deletion_protection_enabled: false }, 'lacks deletion protection'],
  ['aws_dynamodb_table.compaction_runs', { point_in_time_recovery: [] }, 'lacks point-in-time recovery'],
])('refuses %s with %j', (address, attributes, fault) => {
  expect(findings(stateful, { ...RIGHT, [address]: { ...RIGHT[address], ...attributes } })).toEqual(
    one(RegExp(`^${address}: ${address} ${fault}`)),
  );
});

it('asks of a queue none of what is a bucket’s', () => {
  const queue = { ...KEPT, force_destroy: true };
  expect(findings(stateful, { ...RIGHT, 'aws_sqs_queue.lines': queue })).toEqual([]);
});

it.each([
  ['aws_efs_file_system.chroma', 'aws_efs_file_system.renamed'],
  ['aws_kms_key.encryption', 'aws_kms_key.renamed'],
])('refuses that %s is found at %s', (address, elsewhere) => {
  const { [address]: block = {}, ...others } = RIGHT;
  const moved = { ...others, [elsewhere]: block };
  expect(findings(stateful, moved)).toEqual([
    expect.stringMatching(RegExp(`^${elsewhere}: .*is not at its pinned address \\((\\S+, )?${address}[,)]`)),
    expect.stringMatching(RegExp(`^${address}: ${address} is neither made nor kept`)),
  ]);
  expect(findings(stateful, moved, { ephemeral: 'test' })).toHaveLength(1);
});

it.each(['aws_dynamodb_table.compaction_runs', 'aws_efs_file_system.chroma', 'aws_kms_key.encryption'])(
  'lets a setting leave out %s only where it is kept',
  (from) => {
    const { [from]: _left, ...others } = RIGHT;
    const removed = (...blocks: object[]) => findings(stateful, others, {}, { removed: blocks });
    expect(removed({ from, lifecycle: { destroy: false } })).toEqual([]);
    for (const lifecycle of [{}, { destroy: true }]) {
      expect(removed({ from, lifecycle })).toEqual(one(RegExp(`^${from}: ${from} is neither made nor kept`)));
    }
    expect(removed({ from: 'aws_s3_bucket.chromadb', lifecycle: { destroy: false } })).toHaveLength(1);
    expect(findings(stateful, others, { ephemeral: 'test' })).toEqual([]);
  },
);

it('lets an ephemeral environment destroy its data', () => {
  const bare = Object.fromEntries(Object.keys(RIGHT).map((address) => [address, {}]));
  expect(findings(stateful, bare, { ephemeral: 'test' })).toEqual([]);
  expect(findings(stateful, bare)).not.toEqual([]);
});

it('lets no environment go by the name of another', () => {
  const unprotected = formOf({ ...RIGHT, 'aws_sqs_queue.lines': {} });
  const config = parseConfig({}, 'prod');
  expect(stateful(unprotected, { ...config, ephemeral: 'prod' })).toEqual([]);
  expect(stateful(unprotected, { ...config, ephemeral: 'dev' })).toHaveLength(1);
});
