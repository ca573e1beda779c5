import { type ConfigInput, type PipelineConfig, parseConfig } from '../../stacks/config';

/*
 * Configurations that together have every statement that the stack can have. What a statement takes from a setting is
 * here a value that nothing else has, so that the table can name the setting in its place.
 */

const key = (name: string): string => `arn:aws:kms:mx-central-1:111111111111:key/${name}`;

const EMBEDDING = { secretName: 'of-the-embedding', secretKeyArn: key('of-the-embedding-s-secret') };
const FORMER = { formerKeyArns: [key('former')] };
const KMS = { type: 'kms', ...FORMER } as const;
const VPC = { id: 'vpc-1', subnetIds: ['subnet-1', 'subnet-2'], endpointRouteTableIds: ['rtb-1'] };

const INPUTS: Readonly<Record<string, ConfigInput>> = {
  'the defaults': {},
  'a customer key': { encryption: KMS },
  'a customer key that exists': { encryption: { ...KMS, keyArn: key('given') } },
  'former keys': { encryption: { type: 'sse-s3', ...FORMER } },
  'no file system': { chroma: { mode: 'embedded', cache: 'none' } },
  'a server': {
    chroma: {
      mode: 'server',
      url: 'https://chroma.example',
      secretName: 'of-chroma',
      secretKeyArn: key('of-chroma-s-secret'),
    },
  },
  'a network that exists': { adopt: { vpc: VPC } },
  'a table of another stack': {
    adopt: { table: { as: 'data-source', name: 'ReceiptsTable', keyArn: key('of-the-table') } },
  },
  'a bucket and a table that are imported': {
    adopt: {
      bucket: { name: 'receipts', keyArn: key('of-the-bucket') },
      table: { as: 'import', name: 'ReceiptsTable' },
    },
  },
  'a legacy consumer': { consumer: { legacyFunction: 'old-compaction' }, encryption: KMS },
  'a legacy consumer of a key that exists': {
    consumer: { legacyFunction: 'old-compaction' },
    encryption: { ...KMS, keyArn: key('given') },
  },
};

/** Each by what it is about. */
export const VARIANTS: readonly (readonly [about: string, config: PipelineConfig])[] = Object.entries(
  INPUTS,
).map(([about, input]) => [
  about,
  parseConfig({ name: 'statements', region: 'mx-central-1', embedding: EMBEDDING, ...input }, 'of-all'),
]);
