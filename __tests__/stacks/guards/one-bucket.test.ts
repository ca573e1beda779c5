import { oneBucket } from '../../../stacks/guards/one-bucket';
import { type Blocks, findings, one } from '../../support/guard-findings';

const SETTINGS = [
  'aws_s3_bucket_lifecycle_configuration',
  'aws_s3_bucket_notification',
  'aws_s3_bucket_ownership_controls',
  'aws_s3_bucket_policy',
  'aws_s3_bucket_public_access_block',
  'aws_s3_bucket_server_side_encryption_configuration',
  'aws_s3_bucket_versioning',
];
const OURS = { bucket: `\${aws_s3_bucket.chromadb.id}` };
const RIGHT: Blocks = {
  'aws_s3_bucket.chromadb': {},
  ...Object.fromEntries(SETTINGS.map((type) => [`${type}.mine`, OURS])),
};

it('accepts one bucket with one of each setting', () => {
  expect(findings(oneBucket, RIGHT)).toEqual([]);
});

it.each(['aws_s3_bucket', 'aws_s3_directory_bucket', 'aws_s3control_bucket'])(
  'refuses a second bucket made as %s',
  (type) => {
    expect(findings(oneBucket, { ...RIGHT, [`${type}.second`]: {} })).toEqual(
      one(RegExp(`^${type}.second: ${type}.second is a second bucket`)),
    );
  },
);

it('refuses that the bucket is missing, alone or with its settings', () => {
  expect(findings(oneBucket, {})).toEqual([
    expect.stringMatching(/^aws_s3_bucket.chromadb: The shared bucket is missing from its address/),
    ...SETTINGS.map((type) => expect.stringMatching(RegExp(`^${type}: .*one ${type}, .*there are 0`))),
  ]);
});

describe.each(SETTINGS)('%s', (type) => {
  it('must be there', () => {
    const { [`${type}.mine`]: _gone, ...without } = RIGHT;
    expect(findings(oneBucket, without)).toEqual(one(RegExp(`^${type}: .*there are 0`)));
  });

  it('must be there once', () => {
    expect(findings(oneBucket, { ...RIGHT, [`${type}.second`]: OURS })).toEqual(
      one(RegExp(`^${type}.mine, ${type}.second: .*there are 2`)),
    );
  });

  it("must be the shared bucket's, by reference", () => {
    for (const bucket of ['by-hand', undefined]) {
      expect(findings(oneBucket, { ...RIGHT, [`${type}.mine`]: { bucket } })).toEqual(
        one(RegExp(`^${type}.mine: .*there are 1`)),
      );
    }
  });
});
