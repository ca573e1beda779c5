import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectAttributesCommand,
  HeadObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { type ConformanceCase, PART_BYTES, refuses } from './subject';

const TEXT = '123456789';

/** The check values of the CRC catalogue for "123456789", and the digests of the same nine bytes. */
const OF_TEXT = {
  CRC32: Buffer.from('cbf43926', 'hex').toString('base64'),
  CRC32C: Buffer.from('e3069283', 'hex').toString('base64'),
  CRC64NVME: Buffer.from('ae8b14860a799888', 'hex').toString('base64'),
  SHA1: createHash('sha1').update(TEXT).digest('base64'),
  SHA256: createHash('sha256').update(TEXT).digest('base64'),
} as const;
type Algorithm = keyof typeof OF_TEXT;
const ALGORITHMS = Object.keys(OF_TEXT) as Algorithm[];

const sha256 = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest();

export const checksumCases: readonly ConformanceCase[] = [
  ...ALGORITHMS.map(
    (algorithm): ConformanceCase => ({
      name: `a ${algorithm} is checked, kept, and told when asked for`,
      check: async (s3) => {
        const place = await s3.place();
        await s3.put({ ...place, Body: TEXT, [`Checksum${algorithm}`]: OF_TEXT[algorithm] });
        const head = await s3.client.send(new HeadObjectCommand({ ...place, ChecksumMode: 'ENABLED' }));
        assert.equal(head[`Checksum${algorithm}`], OF_TEXT[algorithm]);
        assert.equal(head.ChecksumType, 'FULL_OBJECT');
      },
    }),
  ),
  ...ALGORITHMS.map(
    (algorithm): ConformanceCase => ({
      name: `a wrong ${algorithm} is refused, and nothing is written`,
      check: async (s3) => {
        const place = await s3.place();
        await refuses(
          s3.put({ ...place, Body: 'other bytes', [`Checksum${algorithm}`]: OF_TEXT[algorithm] }),
          400,
          'BadDigest',
        );
        await refuses(s3.head(place), 404);
      },
    }),
  ),
  {
    name: 'a wrong Content-MD5 is BadDigest, a right one is taken',
    check: async (s3) => {
      const place = await s3.place();
      const ContentMD5 = createHash('md5').update(TEXT).digest('base64');
      await s3.put({ ...place, Body: TEXT, ContentMD5 });
      await refuses(s3.put({ ...place, Body: 'other bytes', ContentMD5 }), 400, 'BadDigest');
    },
  },
  {
    name: 'a Content-MD5 that is not one is InvalidDigest',
    check: async (s3) =>
      refuses(s3.put({ ...(await s3.place()), Body: TEXT, ContentMD5: 'bm9uZQ==' }), 400, 'InvalidDigest'),
  },
  {
    name: 'a streamed body with its checksum in the trailer is stored without its framing',
    check: async (s3) => {
      const place = await s3.place();
      await s3.put({
        ...place,
        Body: Readable.from([Buffer.from(TEXT)]),
        ContentLength: TEXT.length,
        ChecksumAlgorithm: 'CRC32',
      });
      assert.equal(await s3.text(place), TEXT);
      const head = await s3.client.send(new HeadObjectCommand({ ...place, ChecksumMode: 'ENABLED' }));
      assert.equal(head.ChecksumCRC32, OF_TEXT.CRC32);
      assert.equal(head.ContentEncoding, undefined);
    },
  },
  {
    name: 'checksums are not told unasked',
    check: async (s3) => {
      const place = await s3.place();
      await s3.put({ ...place, Body: TEXT, ChecksumSHA256: OF_TEXT.SHA256 });
      assert.equal((await s3.head(place)).ChecksumSHA256, undefined);
    },
  },
  {
    name: 'a copy keeps the algorithm of its source, and can be asked for another',
    check: async (s3) => {
      const from = await s3.place();
      await s3.put({ ...from, Body: TEXT, ChecksumSHA256: OF_TEXT.SHA256 });
      const kept = await s3.copy(from, await s3.place());
      assert.equal(kept.CopyObjectResult?.ChecksumSHA256, OF_TEXT.SHA256);
      const changed = await s3.copy(from, await s3.place(), { ChecksumAlgorithm: 'CRC32C' });
      assert.equal(changed.CopyObjectResult?.ChecksumCRC32C, OF_TEXT.CRC32C);
    },
  },
  {
    name: 'an upload in parts has a checksum of its parts’ checksums by default',
    check: async (s3) => {
      const place = await s3.place();
      const parts = [Buffer.alloc(PART_BYTES, 'a'), Buffer.from('b')];
      const { ChecksumSHA256 } = await s3.multipart(place, parts, { ChecksumAlgorithm: 'SHA256' });
      const composite = sha256(Buffer.concat(parts.map(sha256))).toString('base64');
      assert.equal(ChecksumSHA256, `${composite}-2`);
    },
  },
  {
    name: 'an upload in parts can have a checksum of the whole object',
    check: async (s3) => {
      const place = await s3.place();
      const { UploadId } = await s3.client.send(
        new CreateMultipartUploadCommand({
          ...place,
          ChecksumAlgorithm: 'CRC32',
          ChecksumType: 'FULL_OBJECT',
        }),
      );
      const part = { ...place, UploadId, PartNumber: 1, Body: TEXT, ChecksumAlgorithm: 'CRC32' } as const;
      const { ETag } = await s3.client.send(new UploadPartCommand(part));
      const answer = await s3.client.send(
        new CompleteMultipartUploadCommand({
          ...place,
          UploadId,
          ChecksumType: 'FULL_OBJECT',
          MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] },
        }),
      );
      assert.equal(answer.ChecksumCRC32, OF_TEXT.CRC32);
      assert.equal(answer.ChecksumType, 'FULL_OBJECT');
    },
  },
  {
    name: 'a part whose checksum is wrong is BadDigest',
    check: async (s3) => {
      const place = await s3.place();
      const { UploadId } = await s3.client.send(
        new CreateMultipartUploadCommand({ ...place, ChecksumAlgorithm: 'SHA256' }),
      );
      await refuses(
        s3.client.send(
          new UploadPartCommand({
            ...place,
            UploadId,
            PartNumber: 1,
            Body: 'other bytes',
            ChecksumSHA256: OF_TEXT.SHA256,
          }),
        ),
        400,
        'BadDigest',
      );
    },
  },
  {
    name: 'GetObjectAttributes gives the checksum, and the parts of a multipart object',
    check: async (s3) => {
      const place = await s3.place();
      await s3.multipart(place, [Buffer.alloc(PART_BYTES, 'a'), Buffer.from('b')], {
        ChecksumAlgorithm: 'SHA256',
      });
      const answer = await s3.client.send(
        new GetObjectAttributesCommand({
          ...place,
          ObjectAttributes: ['Checksum', 'ObjectParts', 'ObjectSize'],
        }),
      );
      assert.equal(answer.ObjectSize, PART_BYTES + 1);
      assert.ok(answer.Checksum?.ChecksumSHA256);
      assert.equal(answer.ObjectParts?.TotalPartsCount, 2);
    },
  },
];
