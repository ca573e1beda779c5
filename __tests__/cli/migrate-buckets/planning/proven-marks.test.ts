import { PutBucketTaggingCommand } from '@aws-sdk/client-s3';
import {
  leaveProvenMark,
  ProvenMarks,
  RETIRING_TAG,
} from '../../../../cli/migrate-buckets/planning/proven-marks';
import type { Aws } from '../../../../cli/shared/aws/clients';
import { provenMarkKey } from '../../../../contracts/migrate-buckets/own-objects';
import { ALL_LIVE, type Plan } from '../../../../contracts/migrate-buckets/plan';
import { useEmbeddedS3 } from '../../../support/embedded-s3';

const embedded = useEmbeddedS3();
const DIGEST = 'a'.repeat(64);
const read = (destination: string) =>
  ProvenMarks.read({ aws: { s3: embedded.s3 } as Aws, signal: new AbortController().signal }, destination);

/** A source that is being retired into a destination, which holds what was proven. */
async function proven() {
  const [source, destination] = [await embedded.bucket(), await embedded.bucket()];
  const object = await embedded.put(destination, 'lines/delta/x/delta.arrow', 'x');
  const plan = { source, destination, digest: DIGEST, placement: ALL_LIVE } as Plan;
  await leaveProvenMark(embedded.s3, plan, { plan: 'plan.json', archives: [] });
  const tag = (bucket: string) =>
    embedded.s3.send(
      new PutBucketTaggingCommand({
        Bucket: bucket,
        Tagging: { TagSet: [{ Key: RETIRING_TAG, Value: DIGEST }] },
      }),
    );
  const of = async (asking: string, digest: string | null = null) =>
    (await (await read(destination)).of(object, { source: asking, digest }))?.mark.source;
  return { source, destination, tag, of };
}

it('A6: hinders every plan but the one that left it', async () => {
  const { source, of } = await proven();
  expect(await of(await embedded.bucket())).toBe(source);
  expect(await of(source)).toBe(source);
  expect(await of(source, DIGEST)).toBeUndefined();
});

it('A6: lets a plan of the same bucket go on as long as that bucket says itself that it is being retired', async () => {
  const { source, tag, of } = await proven();
  await tag(source);
  expect(await of(source)).toBeUndefined();
  const another = await embedded.bucket();
  await tag(another);
  expect(await of(another)).toBe(source);
});

it('A6: that cannot be read is an error: nobody knows what must stay', async () => {
  const { source, destination } = await proven();
  await embedded.put(destination, provenMarkKey(source, DIGEST), '{"version":2}');
  await expect(read(destination)).rejects.toThrow('cannot be read by this release');
});
