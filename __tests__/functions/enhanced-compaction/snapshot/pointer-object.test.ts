import { snapshotPointerKey } from '../../../../contracts/bucket-layout';
import { LeaseLost } from '../../../../functions/enhanced-compaction/lease/lease';
import {
  moveSnapshotPointer,
  readSnapshotPointer,
} from '../../../../functions/enhanced-compaction/snapshot/pointer-object';
import { useEmbeddedS3 } from '../../../support/embedded-s3';

const embedded = useEmbeddedS3();
const [FIRST, SECOND, THEIRS] = ['20260101_000000', '20260102_000000', '20260103_000000'];
const KEY = snapshotPointerKey('lines');

async function source() {
  const bucket = await embedded.bucket();
  return { s3: embedded.s3, bucket, collection: 'lines' } as const;
}

it('a snapshot pointer is moved from what it was seen to be', async () => {
  const place = await source();
  await moveSnapshotPointer(place, FIRST, undefined);
  await moveSnapshotPointer(place, SECOND, await readSnapshotPointer(place));
  expect(await embedded.text(place.bucket, KEY)).toBe(SECOND);
});

it('a snapshot pointer that another writer moved, or made, stays, and the lease counts as lost', async () => {
  const place = await source();
  await embedded.put(place.bucket, KEY, THEIRS);
  await expect(moveSnapshotPointer(place, FIRST, undefined)).rejects.toThrow(LeaseLost);
  const seen = await readSnapshotPointer(place);
  await embedded.put(place.bucket, KEY, SECOND);
  await expect(moveSnapshotPointer(place, FIRST, seen)).rejects.toThrow(LeaseLost);
  expect(await embedded.text(place.bucket, KEY)).toBe(SECOND);
});

it('a snapshot pointer that may not be written is no lost lease', async () => {
  const place = await source();
  await embedded.admin.inject({ operation: 'PutObject', fail: 'AccessDenied', times: 0 });
  await expect(moveSnapshotPointer(place, FIRST, undefined)).rejects.toMatchObject({ name: 'AccessDenied' });
});
