import { Testing } from 'cdktf';
import { type ConfigInput, parseConfig } from '../../../stacks/config';
import { PipelineStack } from '../../../stacks/pipeline-stack';
import { Synthesized } from '../../../stacks/synthesized/synthesized';
import { seededRandom } from '../../support/seeded-random';
import { smallPackages } from '../../support/template';
import { STATEFUL, STATELESS } from './resource-types';
import { transition } from './transition';

const KEY_ARN = 'arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000';

/** The settings that decide what there is. All their products are made. */
const CHROMA: readonly ConfigInput['chroma'][] = [
  { mode: 'embedded' },
  { mode: 'embedded', cache: 'none' },
  { mode: 'server', url: 'https://chroma.example' },
  { mode: 'cloud', tenant: 'a', database: 'b', secretName: 'c' },
];
const ENCRYPTION: readonly ConfigInput['encryption'][] = [
  { type: 'sse-s3' },
  { type: 'kms' },
  { type: 'kms', keyArn: KEY_ARN },
];
const TABLE: readonly NonNullable<ConfigInput['adopt']>['table'][] = [
  undefined,
  { as: 'import', name: 'ReceiptsTable' },
  { as: 'data-source', name: 'ReceiptsTable' },
];

/** Settings that change what there is, or change nothing of it: each configuration draws one of each. */
const BUCKET: readonly ConfigInput[] = [
  {},
  { bucketName: 'receipts-chroma' },
  { adopt: { bucket: { name: 'the-old-bucket' } } },
];
const VPC = { id: 'vpc-1', subnetIds: ['subnet-1', 'subnet-2'], endpointRouteTableIds: ['rtb-1'] };
const ANY: readonly ConfigInput[] = [
  {},
  { consumer: 'none' },
  { consumer: { legacyFunction: 'old-compaction' } },
  { alarms: { email: 'someone@example.com' } },
  { functions: { architecture: 'x86_64' } },
  { network: { cidr: '10.88.0.0/24', availabilityZones: ['us-east-1c', 'us-east-1d'] } },
];

const random = seededRandom(20261130);
const mounts = (chroma: ConfigInput['chroma']) => chroma?.mode === 'embedded' && chroma.cache !== 'none';

const CONFIGURATIONS: readonly ConfigInput[] = CHROMA.flatMap((chroma) =>
  ENCRYPTION.flatMap((encryption) =>
    TABLE.map((table): ConfigInput => {
      const bucket = random.pick(BUCKET);
      const vpc = mounts(chroma) && random.chance(0.5) ? VPC : undefined;
      return { chroma, encryption, ...bucket, ...random.pick(ANY), adopt: { ...bucket.adopt, table, vpc } };
    }),
  ),
);

const packages = smallPackages();
const form = (config: ConfigInput, environment = 'test'): Synthesized =>
  Synthesized.of(
    new PipelineStack(Testing.app(), 'pipeline', { config: parseConfig(config, environment), packages }),
  );

/** Which record refuses, with a sentence, what would replace a resource. */
const RECORDS: Readonly<Record<string, string>> = {
  'aws_s3_bucket.chromadb': 'bucket_name',
  'aws_dynamodb_table.compaction_runs': 'run_table_name',
  'aws_efs_file_system.chroma': 'file_system_key',
};

describe('from any configuration to any other', () => {
  const forms = CONFIGURATIONS.map((config) => ({ config, form: form(config) }));
  const pairs = forms.flatMap((before) => forms.map((after) => ({ before, after })));
  const transitions = pairs.map(({ before, after }) => ({
    from: before.config,
    to: after.config,
    ...transition(before.form, after.form),
  }));

  it('has somebody judged each type of resource', () => {
    const judged = [...Object.keys(STATEFUL), ...Object.values(STATELESS).flat()].sort();
    const used = new Set(forms.flatMap((each) => each.form.managed.map(({ type }) => type)));
    expect([...used].sort()).toEqual(judged);
  });

  it('no plan destroys what holds data: it keeps it, or is refused with a sentence about just that', () => {
    const lost = transitions.flatMap(({ from, to, destroyed, refusals }) =>
      destroyed
        .filter((address) => !refusals.has(RECORDS[address] ?? ''))
        .map((address) => ({ address, from, to })),
    );
    expect(lost).toEqual([]);
  });

  it('no plan is refused that would destroy nothing', () => {
    const needless = transitions.flatMap(({ from, to, destroyed, refusals }) =>
      [...refusals.keys()]
        .filter((record) => !destroyed.some((address) => RECORDS[address] === record))
        .map((record) => ({ record, from, to })),
    );
    expect(needless).toEqual([]);
  });

  it('comes across everything that can be kept, and everything that can be refused', () => {
    expect(new Set(transitions.flatMap(({ kept }) => kept))).toEqual(
      new Set(['aws_dynamodb_table.compaction_runs', 'aws_efs_file_system.chroma', 'aws_kms_key.encryption']),
    );
    expect(new Set(transitions.flatMap(({ refusals }) => [...refusals.keys()]))).toEqual(
      new Set(Object.values(RECORDS)),
    );
    for (const sentence of new Set(transitions.flatMap(({ refusals }) => [...refusals.values()]))) {
      expect(sentence).toMatch(/ of this state is .*\$\{self\.output\}.* (Name it|Set) /);
    }
  });
});

describe("another environment's state", () => {
  const refusal = (config: ConfigInput, environment: string) =>
    transition(form({}), form(config, environment)).refusals.get('environment');

  it('is refused, and what to do is said', () => {
    expect(refusal({}, 'prod')).toMatch(
      /^This state is of \$\{self\.output\}, .* of chroma-pipeline-prod in us-east-1.* config\/prod\.json a backend of its own/,
    );
    expect(refusal({ ephemeral: 'prod' }, 'prod')).toBeDefined();
    expect(refusal({ region: 'eu-west-1' }, 'test')).toBeDefined();
    expect(refusal({ consumer: 'none' }, 'test')).toBeUndefined();
  });
});

describe('an ephemeral environment', () => {
  it('leaves nothing behind that it no longer uses', () => {
    const ephemeral = form({ ephemeral: 'test', chroma: { mode: 'embedded', cache: 'none' } });
    const { destroyed, kept, refusals } = transition(form({ ephemeral: 'test' }), ephemeral);
    expect([destroyed, kept, [...refusals]]).toEqual([['aws_efs_file_system.chroma'], [], []]);
  });
});
