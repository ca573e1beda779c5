import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { type ConformanceCase, copySource, PART_BYTES, refuses, type Subject } from './subject';

const BIG = Buffer.alloc(PART_BYTES, 'a');
const SMALL = Buffer.from('the end');
const md5 = (...bytes: readonly Buffer[]): Buffer => {
  const hash = createHash('md5');
  for (const piece of bytes) hash.update(piece);
  return hash.digest();
};
const multipartEtag = (...parts: readonly Buffer[]): string =>
  `"${md5(...parts.map((part) => md5(part))).toString('hex')}-${parts.length}"`;

async function begin(s3: Subject, extra: object = {}) {
  const place = await s3.place();
  const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand({ ...place, ...extra }));
  const upload = { ...place, UploadId };
  return {
    place,
    upload,
    part: (PartNumber: number, Body: Buffer) =>
      s3.client.send(new UploadPartCommand({ ...upload, PartNumber, Body })),
    complete: (Parts: { PartNumber: number; ETag: string | undefined }[], more: object = {}) =>
      s3.client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts }, ...more })),
  };
}

/** What a completion names: the answers to parts 1, 2, … in this order. */
const inOrder = (...answers: readonly { ETag?: string }[]) =>
  answers.map(({ ETag }, index) => ({ PartNumber: index + 1, ETag }));

export const multipartCases: readonly ConformanceCase[] = [
  {
    name: 'a completed upload is its parts in order; its ETag is the MD5 of their MD5s and their number',
    check: async (s3) => {
      const place = await s3.place();
      const { ETag } = await s3.multipart(place, [BIG, SMALL]);
      assert.equal(ETag, multipartEtag(BIG, SMALL));
      const read = await s3.client.send(
        new GetObjectCommand({ ...place, Range: `bytes=${PART_BYTES - 1}-` }),
      );
      assert.equal(await read.Body?.transformToString(), `a${SMALL}`);
    },
  },
  {
    name: 'an upload in one part still has the multipart form of ETag',
    check: async (s3) => {
      const { ETag } = await s3.multipart(await s3.place(), [SMALL]);
      assert.equal(ETag, multipartEtag(SMALL));
    },
  },
  {
    name: 'metadata, content type and tags given at the start are those of the object',
    check: async (s3) => {
      const place = await s3.place();
      await s3.multipart(place, [SMALL], {
        ContentType: 'application/gzip',
        Metadata: { a: 'b' },
        Tagging: 'k=v',
      });
      const answer = await s3.client.send(new GetObjectCommand(place));
      assert.deepEqual(
        [answer.ContentType, answer.Metadata, answer.TagCount],
        ['application/gzip', { a: 'b' }, 1],
      );
    },
  },
  {
    name: 'nothing is at the key before the upload is completed',
    check: async (s3) => {
      const { place, part } = await begin(s3);
      await part(1, SMALL);
      await refuses(s3.head(place), 404);
    },
  },
  {
    name: 'a part that is sent again replaces the first, and parts that are not named are dropped',
    check: async (s3) => {
      const { place, part, complete } = await begin(s3);
      await part(1, Buffer.from('first'));
      const second = await part(1, Buffer.from('second'));
      await part(2, Buffer.from('dropped'));
      await complete(inOrder(second));
      assert.equal(await s3.text(place), 'second');
    },
  },
  {
    name: 'a completion with a wrong part ETag is InvalidPart',
    check: async (s3) => {
      const { part, complete } = await begin(s3);
      await part(1, SMALL);
      await refuses(complete(inOrder({ ETag: `"${'0'.repeat(32)}"` })), 400, 'InvalidPart');
    },
  },
  {
    name: 'a completion that names parts out of order is InvalidPartOrder',
    check: async (s3) => {
      const { part, complete } = await begin(s3);
      const one = await part(1, SMALL);
      const two = await part(2, BIG);
      await refuses(complete(inOrder(one, two).reverse()), 400, 'InvalidPartOrder');
    },
  },
  {
    name: 'a part that is not the last must hold 5 MiB',
    check: async (s3) => {
      const { part, complete } = await begin(s3);
      const one = await part(1, SMALL);
      const two = await part(2, SMALL);
      await refuses(complete(inOrder(one, two)), 400, 'EntityTooSmall');
    },
  },
  {
    name: 'a completion with If-None-Match: * never overwrites',
    check: async (s3) => {
      const { place, part, complete } = await begin(s3);
      const one = await part(1, SMALL);
      await s3.put({ ...place, Body: 'mine' });
      await refuses(complete(inOrder(one), { IfNoneMatch: '*' }), 412, 'PreconditionFailed');
      assert.equal(await s3.text(place), 'mine');
    },
  },
  {
    name: 'a completion with If-Match overwrites only the named ETag',
    check: async (s3) => {
      const { place, part, complete } = await begin(s3);
      const one = await part(1, SMALL);
      const old = await s3.put({ ...place, Body: 'old' });
      const parts = inOrder(one);
      await refuses(complete(parts, { IfMatch: one.ETag }), 412, 'PreconditionFailed');
      await complete(parts, { IfMatch: old.ETag });
      assert.equal(await s3.text(place), String(SMALL));
    },
  },
  {
    name: 'an aborted upload is gone: its parts and completion are NoSuchUpload',
    check: async (s3) => {
      const { upload, part, complete } = await begin(s3);
      const one = await part(1, SMALL);
      await s3.client.send(new AbortMultipartUploadCommand(upload));
      await refuses(part(2, SMALL), 404, 'NoSuchUpload');
      await refuses(complete(inOrder(one)), 404, 'NoSuchUpload');
    },
  },
  {
    name: 'a completion that is repeated, after a lost answer say, succeeds again',
    check: async (s3) => {
      const { part, complete } = await begin(s3);
      const one = await part(1, SMALL);
      const first = await complete(inOrder(one));
      const second = await complete(inOrder(one));
      assert.equal(second.ETag, first.ETag);
    },
  },
  {
    name: 'parts are listed in pages, in order of their numbers',
    check: async (s3) => {
      const { upload, part } = await begin(s3);
      for (const number of [3, 1, 2]) await part(number, Buffer.from(`part ${number}`));
      const first = await s3.client.send(new ListPartsCommand({ ...upload, MaxParts: 2 }));
      assert.deepEqual(
        first.Parts?.map(({ PartNumber }) => PartNumber),
        [1, 2],
      );
      assert.equal(first.IsTruncated, true);
      const second = await s3.client.send(
        new ListPartsCommand({ ...upload, PartNumberMarker: first.NextPartNumberMarker }),
      );
      assert.deepEqual(
        second.Parts?.map(({ PartNumber, Size, ETag }) => [PartNumber, Size, ETag]),
        [[3, 6, `"${md5(Buffer.from('part 3')).toString('hex')}"`]],
      );
    },
  },
  {
    name: 'unfinished uploads are listed by prefix, and no longer once they are completed',
    check: async (s3) => {
      const { place, upload, part, complete } = await begin(s3);
      const list = async () => {
        const { Uploads = [] } = await s3.client.send(
          new ListMultipartUploadsCommand({ Bucket: place.Bucket, Prefix: place.Key }),
        );
        return Uploads.map(({ UploadId }) => UploadId);
      };
      assert.deepEqual(await list(), [upload.UploadId]);
      const one = await part(1, SMALL);
      await complete(inOrder(one));
      assert.deepEqual(await list(), []);
    },
  },
  {
    name: 'a part can be copied from an object, whole or by range',
    check: async (s3) => {
      const source = await s3.place();
      await s3.put({ ...source, Body: Buffer.concat([BIG, SMALL]) });
      const { place, upload, complete } = await begin(s3);
      const one = await s3.client.send(
        new UploadPartCopyCommand({ ...upload, PartNumber: 1, CopySource: copySource(source) }),
      );
      const CopySourceRange = `bytes=${PART_BYTES}-${PART_BYTES + SMALL.length - 1}`;
      const two = await s3.client.send(
        new UploadPartCopyCommand({
          ...upload,
          PartNumber: 2,
          CopySource: copySource(source),
          CopySourceRange,
        }),
      );
      assert.equal(two.CopyPartResult?.ETag, `"${md5(SMALL).toString('hex')}"`);
      await complete(inOrder(one.CopyPartResult ?? {}, two.CopyPartResult ?? {}));
      const head = await s3.head(place);
      assert.equal(head.ContentLength, PART_BYTES + 2 * SMALL.length);
      assert.match(head.ETag ?? '', /-2"$/);
    },
  },
  {
    name: 'a part copy refuses a source whose ETag is another',
    check: async (s3) => {
      const source = await s3.place();
      const { ETag } = await s3.put({ ...source, Body: 'before' });
      const { upload } = await begin(s3);
      await s3.put({ ...source, Body: 'after' });
      await refuses(
        s3.client.send(
          new UploadPartCopyCommand({
            ...upload,
            PartNumber: 1,
            CopySource: copySource(source),
            CopySourceIfMatch: ETag,
          }),
        ),
        412,
        'PreconditionFailed',
      );
    },
  },
  {
    name: 'a part copy refuses a range that ends behind its source',
    check: async (s3) => {
      const source = await s3.place();
      await s3.put({ ...source, Body: '0123456789' });
      const { upload } = await begin(s3);
      await refuses(
        s3.client.send(
          new UploadPartCopyCommand({
            ...upload,
            PartNumber: 1,
            CopySource: copySource(source),
            CopySourceRange: 'bytes=5-10',
          }),
        ),
        400,
        'InvalidArgument',
        'InvalidRange',
      );
    },
  },
  {
    name: 'HEAD of a part tells its length and how many there are',
    check: async (s3) => {
      const place = await s3.place();
      await s3.multipart(place, [BIG, SMALL]);
      const head = await s3.client.send(new HeadObjectCommand({ ...place, PartNumber: 2 }));
      assert.deepEqual([head.ContentLength, head.PartsCount], [SMALL.length, 2]);
    },
  },
];
