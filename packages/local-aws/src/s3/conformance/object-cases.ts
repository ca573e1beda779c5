import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeleteObjectTaggingCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  ListObjectsV2Command,
  PutObjectTaggingCommand,
  RestoreObjectCommand,
} from '@aws-sdk/client-s3';
import { type ConformanceCase, refuses, type Subject } from './subject';

const TEXT = '0123456789';
const md5 = (text: string): string => `"${createHash('md5').update(text).digest('hex')}"`;

const range = async (s3: Subject, Range: string) => {
  const place = await s3.place();
  await s3.put({ ...place, Body: TEXT });
  const answer = await s3.client.send(new GetObjectCommand({ ...place, Range }));
  return [await answer.Body?.transformToString(), answer.ContentRange, answer.$metadata.httpStatusCode];
};

/** Long before, and long after, anything here is written. */
const PAST = new Date('2001-01-01T00:00:00Z');
const tomorrow = (): Date => new Date(Date.now() + 24 * 3600 * 1000);

export const objectCases: readonly ConformanceCase[] = [
  {
    name: 'an object comes back byte for byte, its ETag is the MD5 of its bytes',
    check: async (s3) => {
      const place = await s3.place();
      const Body = Buffer.from(Array.from({ length: 1024 }, (_, index) => index % 256));
      const { ETag } = await s3.put({ ...place, Body });
      assert.equal(ETag, `"${createHash('md5').update(Body).digest('hex')}"`);
      const read = await s3.client.send(new GetObjectCommand(place));
      assert.deepEqual(Buffer.from((await read.Body?.transformToByteArray()) ?? []), Body);
      assert.equal(read.ETag, ETag);
    },
  },
  {
    name: 'an object may be empty',
    check: async (s3) => {
      const place = await s3.place();
      await s3.put({ ...place, Body: '' });
      assert.equal(await s3.text(place), '');
      assert.equal((await s3.head(place)).ContentLength, 0);
    },
  },
  {
    name: 'a second put replaces body, metadata, headers and tags together',
    check: async (s3) => {
      const place = await s3.place();
      await s3.put({ ...place, Body: 'one', Metadata: { a: '1' }, CacheControl: 'no-store', Tagging: 'a=1' });
      await s3.put({ ...place, Body: 'two' });
      const head = await s3.head(place);
      assert.deepEqual(head.Metadata, {});
      assert.equal(head.CacheControl, undefined);
      assert.deepEqual((await s3.client.send(new GetObjectTaggingCommand(place))).TagSet, []);
    },
  },
  {
    name: 'user metadata and system headers come back with GET and HEAD',
    check: async (s3) => {
      const place = await s3.place();
      const headers = {
        ContentType: 'application/x-ndjson',
        CacheControl: 'max-age=60',
        ContentDisposition: 'attachment; filename="a b.txt"',
        ContentEncoding: 'gzip',
        ContentLanguage: 'de',
        Metadata: { 'run-id': '42', note: 'a, b; c=d' },
      };
      await s3.put({ ...place, Body: TEXT, ...headers });
      for (const answer of [await s3.head(place), await s3.client.send(new GetObjectCommand(place))]) {
        const { ContentType, CacheControl, ContentDisposition, ContentEncoding, ContentLanguage, Metadata } =
          answer;
        assert.deepEqual(
          { ContentType, CacheControl, ContentDisposition, ContentEncoding, ContentLanguage, Metadata },
          headers,
        );
      }
    },
  },
  {
    name: 'a GET can ask for other response headers',
    check: async (s3) => {
      const place = await s3.place();
      await s3.put({ ...place, Body: TEXT, ContentType: 'text/plain' });
      const answer = await s3.client.send(
        new GetObjectCommand({ ...place, ResponseContentType: 'text/csv', ResponseCacheControl: 'no-cache' }),
      );
      assert.equal(answer.ContentType, 'text/csv');
      assert.equal(answer.CacheControl, 'no-cache');
    },
  },
  {
    name: 'a storage class is kept, listed, and named by HEAD unless it is STANDARD',
    check: async (s3) => {
      const Bucket = await s3.plain();
      const Prefix = s3.prefix();
      await s3.put({ Bucket, Key: `${Prefix}cold`, Body: TEXT, StorageClass: 'STANDARD_IA' });
      await s3.put({ Bucket, Key: `${Prefix}warm`, Body: TEXT });
      assert.equal((await s3.head({ Bucket, Key: `${Prefix}cold` })).StorageClass, 'STANDARD_IA');
      assert.equal((await s3.head({ Bucket, Key: `${Prefix}warm` })).StorageClass, undefined);
      const { Contents = [] } = await s3.client.send(new ListObjectsV2Command({ Bucket, Prefix }));
      assert.deepEqual(
        Contents.map(({ StorageClass }) => StorageClass),
        ['STANDARD_IA', 'STANDARD'],
      );
    },
  },
  {
    name: 'an unknown storage class is refused',
    check: async (s3) => {
      const place = await s3.place();
      await refuses(
        s3.put({ ...place, Body: TEXT, StorageClass: 'LUKEWARM' as 'STANDARD' }),
        400,
        'InvalidStorageClass',
      );
    },
  },
  {
    name: 'an archived object cannot be read before it is restored',
    check: async (s3) => {
      const place = await s3.place();
      await s3.put({ ...place, Body: TEXT, StorageClass: 'GLACIER' });
      await refuses(s3.text(place), 403, 'InvalidObjectState');
      assert.equal((await s3.head(place)).StorageClass, 'GLACIER');
    },
  },
  {
    name: 'a restore is in progress once it is asked for, which HEAD and listings tell, and is not begun twice',
    check: async (s3) => {
      const place = await s3.place();
      await s3.put({ ...place, Body: TEXT, StorageClass: 'GLACIER' });
      const restore = () =>
        s3.client.send(new RestoreObjectCommand({ ...place, RestoreRequest: { Days: 1 } }));
      await restore();
      await refuses(restore(), 409, 'RestoreAlreadyInProgress');
      assert.equal((await s3.head(place)).Restore, 'ongoing-request="true"');
      const asked = { Bucket: place.Bucket, Prefix: place.Key };
      const list = (more: object) => s3.client.send(new ListObjectsV2Command({ ...asked, ...more }));
      const { Contents: plain } = await list({});
      assert.equal(plain?.[0]?.RestoreStatus, undefined);
      const { Contents } = await list({ OptionalObjectAttributes: ['RestoreStatus'] });
      assert.equal(Contents?.[0]?.RestoreStatus?.IsRestoreInProgress, true);
    },
  },
  {
    name: 'an object that is not archived is not restored',
    check: async (s3) => {
      const place = await s3.place();
      await s3.put({ ...place, Body: TEXT });
      const restoring = new RestoreObjectCommand({ ...place, RestoreRequest: { Days: 1 } });
      await refuses(s3.client.send(restoring), 403, 'InvalidObjectState');
    },
  },
  {
    name: 'GET of a missing key is NoSuchKey',
    check: async (s3) => refuses(s3.text(await s3.place()), 404, 'NoSuchKey'),
  },
  {
    name: 'HEAD of a missing key is 404 without a body',
    check: async (s3) => refuses(s3.head(await s3.place()), 404, 'NotFound'),
  },
  {
    name: 'a missing bucket is NoSuchBucket, for reads, writes and listings',
    check: async (s3) => {
      const place = { Bucket: `conformance-missing-${Date.now()}`, Key: 'k' };
      await refuses(s3.text(place), 404, 'NoSuchBucket');
      await refuses(s3.put({ ...place, Body: '' }), 404, 'NoSuchBucket');
      await refuses(s3.keys(place.Bucket, ''), 404, 'NoSuchBucket');
    },
  },

  // ---- ranges
  {
    name: 'a range gives its bytes, both ends included',
    check: async (s3) => assert.deepEqual(await range(s3, 'bytes=2-4'), ['234', 'bytes 2-4/10', 206]),
  },
  {
    name: 'a range without an end goes to the last byte',
    check: async (s3) => assert.deepEqual(await range(s3, 'bytes=7-'), ['789', 'bytes 7-9/10', 206]),
  },
  {
    name: 'a range without a start counts from the end',
    check: async (s3) => assert.deepEqual(await range(s3, 'bytes=-3'), ['789', 'bytes 7-9/10', 206]),
  },
  {
    name: 'a range that ends behind the object is cut',
    check: async (s3) => assert.deepEqual(await range(s3, 'bytes=8-99'), ['89', 'bytes 8-9/10', 206]),
  },
  {
    name: 'a range that starts behind the object is InvalidRange',
    check: async (s3) => refuses(range(s3, 'bytes=10-12'), 416, 'InvalidRange'),
  },

  // ---- conditional reads
  {
    name: 'If-Match reads the right ETag and refuses another with 412',
    check: async (s3) => {
      const place = await s3.place();
      const { ETag } = await s3.put({ ...place, Body: TEXT });
      await s3.client.send(new GetObjectCommand({ ...place, IfMatch: ETag }));
      await refuses(
        s3.client.send(new GetObjectCommand({ ...place, IfMatch: md5('other') })),
        412,
        'PreconditionFailed',
      );
    },
  },
  {
    name: 'If-None-Match answers 304 for the same ETag and reads another',
    check: async (s3) => {
      const place = await s3.place();
      const { ETag } = await s3.put({ ...place, Body: TEXT });
      await refuses(s3.client.send(new GetObjectCommand({ ...place, IfNoneMatch: ETag })), 304);
      await s3.client.send(new GetObjectCommand({ ...place, IfNoneMatch: md5('other') }));
    },
  },
  {
    name: 'If-Modified-Since answers 304 when nothing changed since',
    check: async (s3) => {
      const place = await s3.place();
      await s3.put({ ...place, Body: TEXT });
      await s3.client.send(new GetObjectCommand({ ...place, IfModifiedSince: PAST }));
      const { LastModified } = await s3.head(place);
      await refuses(s3.client.send(new GetObjectCommand({ ...place, IfModifiedSince: LastModified })), 304);
    },
  },
  {
    name: 'If-Unmodified-Since answers 412 when something changed since',
    check: async (s3) => {
      const place = await s3.place();
      await s3.put({ ...place, Body: TEXT });
      await s3.client.send(new GetObjectCommand({ ...place, IfUnmodifiedSince: tomorrow() }));
      await refuses(s3.client.send(new GetObjectCommand({ ...place, IfUnmodifiedSince: PAST })), 412);
    },
  },

  // ---- conditional writes
  {
    name: 'a put with If-None-Match: * creates, and never overwrites',
    check: async (s3) => {
      const place = await s3.place();
      await s3.put({ ...place, Body: 'first', IfNoneMatch: '*' });
      await refuses(s3.put({ ...place, Body: 'second', IfNoneMatch: '*' }), 412, 'PreconditionFailed');
      assert.equal(await s3.text(place), 'first');
    },
  },
  {
    name: 'a put with If-Match overwrites only the named ETag',
    check: async (s3) => {
      const place = await s3.place();
      const { ETag } = await s3.put({ ...place, Body: 'first' });
      await s3.put({ ...place, Body: 'second', IfMatch: ETag });
      await refuses(s3.put({ ...place, Body: 'third', IfMatch: ETag }), 412, 'PreconditionFailed');
      assert.equal(await s3.text(place), 'second');
    },
  },
  {
    name: 'a put with If-Match where nothing is answers 404',
    check: async (s3) =>
      refuses(s3.put({ ...(await s3.place()), Body: '', IfMatch: md5('x') }), 404, 'NoSuchKey'),
  },
  {
    name: 'a delete of a missing key succeeds',
    check: async (s3) => {
      const answer = await s3.client.send(new DeleteObjectCommand(await s3.place()));
      assert.equal(answer.$metadata.httpStatusCode, 204);
    },
  },
  {
    name: 'a delete with If-Match removes only the named ETag',
    check: async (s3) => {
      const place = await s3.place();
      const { ETag } = await s3.put({ ...place, Body: TEXT });
      await refuses(
        s3.client.send(new DeleteObjectCommand({ ...place, IfMatch: md5('other') })),
        412,
        'PreconditionFailed',
      );
      assert.equal(await s3.text(place), TEXT);
      await s3.client.send(new DeleteObjectCommand({ ...place, IfMatch: ETag }));
      await refuses(s3.text(place), 404);
    },
  },
  {
    name: 'DeleteObjects answers each key by itself, and a wrong ETag keeps its object',
    check: async (s3) => {
      const Bucket = await s3.plain();
      const prefix = s3.prefix();
      for (const name of ['a', 'b']) await s3.put({ Bucket, Key: prefix + name, Body: name });
      const answer = await s3.client.send(
        new DeleteObjectsCommand({
          Bucket,
          Delete: {
            Objects: [
              { Key: `${prefix}a`, ETag: md5('a') },
              { Key: `${prefix}b`, ETag: md5('a') },
              { Key: `${prefix}missing` },
            ],
          },
        }),
      );
      assert.deepEqual(
        answer.Deleted?.map(({ Key }) => Key),
        [`${prefix}a`, `${prefix}missing`],
      );
      assert.deepEqual(
        answer.Errors?.map(({ Key, Code }) => [Key, Code]),
        [[`${prefix}b`, 'PreconditionFailed']],
      );
      assert.deepEqual(await s3.keys(Bucket, prefix), [`${prefix}b`]);
    },
  },

  // ---- tags and attributes
  {
    name: 'tags of the put header are kept and counted',
    check: async (s3) => {
      const place = await s3.place();
      await s3.put({ ...place, Body: TEXT, Tagging: 'a=1&b%20c=d%2Be' });
      const { TagSet = [] } = await s3.client.send(new GetObjectTaggingCommand(place));
      assert.deepEqual(TagSet.map(({ Key, Value }) => `${Key}:${Value}`).sort(), ['a:1', 'b c:d+e']);
      const { TagCount } = await s3.client.send(new GetObjectCommand(place));
      assert.equal(TagCount, 2);
    },
  },
  {
    name: 'putting tags replaces them and leaves the object alone; deleting them leaves none',
    check: async (s3) => {
      const place = await s3.place();
      const { ETag } = await s3.put({ ...place, Body: TEXT, Tagging: 'a=1' });
      await s3.client.send(
        new PutObjectTaggingCommand({ ...place, Tagging: { TagSet: [{ Key: 'b', Value: 'two + 2' }] } }),
      );
      const { TagSet } = await s3.client.send(new GetObjectTaggingCommand(place));
      assert.deepEqual(TagSet, [{ Key: 'b', Value: 'two + 2' }]);
      await s3.client.send(new DeleteObjectTaggingCommand(place));
      assert.deepEqual((await s3.client.send(new GetObjectTaggingCommand(place))).TagSet, []);
      assert.equal((await s3.head(place)).ETag, ETag);
      assert.equal(await s3.text(place), TEXT);
    },
  },
  {
    name: 'a tag holds letters, digits, spaces and _ . : / = + - @, nothing else',
    check: async (s3) => {
      const place = await s3.place();
      await s3.put({ ...place, Body: TEXT });
      const TagSet = [{ Key: 'a', Value: '<2>' }];
      await refuses(
        s3.client.send(new PutObjectTaggingCommand({ ...place, Tagging: { TagSet } })),
        400,
        'InvalidTag',
      );
    },
  },
  {
    name: 'an object has ten tags at most',
    check: async (s3) => {
      const place = await s3.place();
      await s3.put({ ...place, Body: TEXT });
      const TagSet = Array.from({ length: 11 }, (_, index) => ({ Key: `k${index}`, Value: 'v' }));
      await refuses(s3.client.send(new PutObjectTaggingCommand({ ...place, Tagging: { TagSet } })), 400);
    },
  },
  {
    name: 'GetObjectAttributes gives ETag without quotes, size and storage class',
    check: async (s3) => {
      const place = await s3.place();
      await s3.put({ ...place, Body: TEXT });
      const answer = await s3.client.send(
        new GetObjectAttributesCommand({
          ...place,
          ObjectAttributes: ['ETag', 'ObjectSize', 'StorageClass'],
        }),
      );
      assert.equal(`"${answer.ETag}"`, md5(TEXT));
      assert.equal(answer.ObjectSize, TEXT.length);
      assert.equal(answer.StorageClass, 'STANDARD');
    },
  },
];
