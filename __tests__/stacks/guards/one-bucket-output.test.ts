import { oneBucketOutput } from '../../../stacks/guards/one-bucket-output';
import { findings, one } from '../../support/guard-findings';

const BUCKET = { value: `\${aws_s3_bucket.chromadb.bucket}` };
const outputs = (output: object) =>
  findings(oneBucketOutput, { 'aws_s3_bucket.chromadb': {}, 'aws_s3_bucket.other': {} }, {}, { output });

it('accepts exactly one output that names the shared bucket, beside others', () => {
  expect(outputs({ chromadb_bucket_name: BUCKET, queue: { value: 'x' } })).toEqual([]);
});

it.each([
  'chromadb_bucket',
  'chroma-db-bucket',
  'ChromaDbBucket',
  'my_chroma_db_bucket_arn',
  'chromadbbucket',
])('takes %s for one', (name) => {
  expect(outputs({ chromadb_bucket_name: BUCKET, [name]: BUCKET })).toEqual(
    one(RegExp(`^output.chromadb_bucket_name, output.${name}: 2 outputs match`)),
  );
});

it.each(['bucket', 'chroma___bucket', 'chromadb', 'chromadb_x_bucket'])(
  'does not take %s for one',
  (name) => {
    expect(outputs({ chromadb_bucket_name: BUCKET, [name]: BUCKET })).toEqual([]);
  },
);

it('refuses that there is none', () => {
  expect(outputs({})).toEqual(one(/^output: 0 outputs match/));
});

it('refuses one that names something else', () => {
  for (const value of ['by-hand', `\${aws_s3_bucket.other.bucket}`]) {
    expect(outputs({ chromadb_bucket_name: { value } })).toEqual(
      one(/^output.chromadb_bucket_name: The output does not name the shared bucket/),
    );
  }
});
