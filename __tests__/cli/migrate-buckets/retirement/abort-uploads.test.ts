import { CreateMultipartUploadCommand, ListMultipartUploadsCommand, type S3Client } from '@aws-sdk/client-s3';
import { abortUploads } from '../../../../cli/migrate-buckets/retirement/abort-uploads';
import { useEmbeddedS3 } from '../../../support/embedded-s3';
import { useFixedTime } from '../../../support/fixed-time';
import { intercepted } from '../../../support/intercepted-client';

const NOW = new Date('2026-01-01T12:00:00Z');
const MINUTE = 60_000;

const embedded = useEmbeddedS3();
useFixedTime(NOW);

/** A bucket with uploads that were begun so many milliseconds after the verification. */
async function withUploads(uploads: readonly (readonly [key: string, at: number])[]): Promise<string> {
  const bucket = await embedded.bucket();
  for (const [key, at] of uploads) {
    jest.setSystemTime(NOW.getTime() + at);
    await embedded.s3.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: key }));
  }
  await embedded.admin.resetRequests();
  return bucket;
}
const abort = (bucket: string, s3: S3Client = embedded.s3, at: string | undefined = NOW.toISOString()) =>
  abortUploads(s3, bucket, at);
const left = async (bucket: string) =>
  ((await embedded.s3.send(new ListMultipartUploadsCommand({ Bucket: bucket }))).Uploads ?? []).map(
    ({ Key }) => Key,
  );

it('aborts those that were begun before the verification, or in its very moment', async () => {
  const bucket = await withUploads([
    ['before', -MINUTE],
    ['at', 0],
    ['after', 1000],
  ]);
  expect(await abort(bucket)).toBe(2);
  expect(await left(bucket)).toEqual(['after']);
});

it('aborts none where nothing was verified', async () => {
  const bucket = await withUploads([['before', -MINUTE]]);
  expect(await abortUploads(embedded.s3, bucket, undefined)).toBe(0);
  expect(await embedded.admin.requests()).toEqual({});
  expect(await left(bucket)).toEqual(['before']);
});

it('finds them on every page of their list, whatever their keys, and several of one key', async () => {
  const keys = ['a b+c', 'a b+c', 'ünusual', 'z'];
  const bucket = await withUploads([...keys.map((key) => [key, -MINUTE] as const), ['a', 1000]]);
  const s3 = intercepted(embedded.s3, (command, send) => {
    if (command.constructor.name === 'ListMultipartUploadsCommand') {
      Object.assign(command.input, { MaxUploads: 1 });
    }
    return send();
  });
  expect(await abort(bucket, s3)).toBe(4);
  expect(await left(bucket)).toEqual(['a']);
});

/** A bucket with an upload, and what is told of its list instead. */
const answering = async (answer: object) => {
  const bucket = await withUploads([['a', -MINUTE]]);
  const s3 = intercepted(embedded.s3, async (command, send) =>
    command.constructor.name === 'ListMultipartUploadsCommand'
      ? { ...((await send()) as object), ...answer }
      : send(),
  );
  return { bucket, s3 };
};

it.each([
  ['names no uploads', { Uploads: undefined }],
  ['does not say when they were begun', { Uploads: [{ Key: 'a', UploadId: 'x', Initiated: undefined }] }],
  ['names a next key, but says that there is no more', { NextKeyMarker: 'z', Uploads: [] }],
])('leaves them alone where S3 %s', async (_what, answer) => {
  const { bucket, s3 } = await answering(answer);
  expect(await abort(bucket, s3)).toBe(0);
  expect(await embedded.admin.requests()).toEqual({ ListMultipartUploads: 1 });
});

it.each([
  ['says that there is more, but not where', { IsTruncated: true }, 'broke off'],
  ['does not say whether there is more', { IsTruncated: undefined }, 'may be cut short'],
  ['leads round in circles', { IsTruncated: true, NextKeyMarker: 'a', NextUploadIdMarker: 'x' }, 'circles'],
])('is an error where S3 %s (B11)', async (_what, answer, sentence) => {
  const { bucket, s3 } = await answering({ Uploads: [], ...answer });
  const aborting = abort(bucket, s3);
  await expect(aborting).rejects.toThrow(`The listing of ${bucket}'s unfinished uploads`);
  await expect(aborting).rejects.toThrow(sentence);
});

it('tells of one that cannot be aborted', async () => {
  const bucket = await withUploads([['before', -MINUTE]]);
  await embedded.admin.inject({ operation: 'AbortMultipartUpload', fail: 'AccessDenied', times: 0 });
  await expect(abort(bucket)).rejects.toThrow(
    `Access was denied when asked to abort the unfinished uploads in ${bucket}`,
  );
  await embedded.admin.clearFaults();
});
