import { DeleteObjectCommand, PutBucketVersioningCommand } from '@aws-sdk/client-s3';
import { readChecksum } from '../../../../cli/migrate-buckets/verification/read-checksum';
import { readProperties } from '../../../../cli/migrate-buckets/verification/read-properties';
import { useEmbeddedS3 } from '../../../support/embedded-s3';

const embedded = useEmbeddedS3();
const signal = new AbortController().signal;

/** An object that was listed, and that a delete marker hides by now. */
async function hidden() {
  const bucket = await embedded.bucket();
  const VersioningConfiguration = { Status: 'Enabled' } as const;
  await embedded.s3.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration }));
  const object = await embedded.put(bucket, 'listed', 'content', { Tagging: 'kind=receipt' });
  const Key = object.key;
  const { VersionId } = await embedded.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
  return { bucket, object, marker: { ...object, versionId: VersionId } };
}

it('An object that a delete marker hides has no properties, by its key and by what lies there now', async () => {
  const { bucket, object, marker } = await hidden();
  expect(await readProperties(embedded.s3, { bucket, object })).toBeUndefined();
  // S3 answers 405 to both requests.
  expect(await readProperties(embedded.s3, { bucket, object: marker })).toBeUndefined();
});

it('An object that a delete marker hides was changed since it was listed, where its checksum is asked for', async () => {
  const { bucket, object, marker } = await hidden();
  for (const each of [object, marker]) {
    const asked = readChecksum(embedded.s3, { bucket, object: each }, signal);
    await expect(asked).rejects.toThrow('was changed after it was listed. Run verify again.');
  }
});
