import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { GetObjectTaggingCommand } from '@aws-sdk/client-s3';
import { type ConformanceCase, copySource, PART_BYTES, refuses, type Subject } from './subject';

const OTHER_ETAG = `"${'0'.repeat(32)}"`;

const RICH = {
  Body: 'the source',
  ContentType: 'application/x-ndjson',
  Metadata: { origin: 'one' },
  Tagging: 'stage=raw',
};

/** A source object and an empty place for its copy. */
async function pair(s3: Subject) {
  const from = await s3.place();
  const { ETag } = await s3.put({ ...from, ...RICH });
  return { from, to: await s3.place(), ETag };
}

const tagsOf = async (s3: Subject, place: { Bucket: string; Key: string }) =>
  (await s3.client.send(new GetObjectTaggingCommand(place))).TagSet;

export const copyCases: readonly ConformanceCase[] = [
  {
    name: 'a copy keeps bytes, ETag, content type, metadata and tags',
    check: async (s3) => {
      const { from, to, ETag } = await pair(s3);
      const { CopyObjectResult } = await s3.copy(from, to);
      assert.equal(CopyObjectResult?.ETag, ETag);
      const head = await s3.head(to);
      assert.deepEqual([head.ContentType, head.Metadata, head.ETag], [RICH.ContentType, RICH.Metadata, ETag]);
      assert.deepEqual(await tagsOf(s3, to), [{ Key: 'stage', Value: 'raw' }]);
      assert.equal(await s3.text(to), RICH.Body);
    },
  },
  {
    name: 'a copy goes from one bucket to another',
    check: async (s3) => {
      const { from } = await pair(s3);
      const to = { Bucket: await s3.versioned(), Key: `${s3.prefix()}copy` };
      const { VersionId } = await s3.copy(from, to);
      assert.ok(VersionId);
      assert.equal(await s3.text(to), RICH.Body);
    },
  },
  {
    name: 'the metadata directive REPLACE takes metadata and content type from the request',
    check: async (s3) => {
      const { from, to } = await pair(s3);
      await s3.copy(from, to, {
        MetadataDirective: 'REPLACE',
        Metadata: { new: 'yes' },
        ContentType: 'text/csv',
      });
      const head = await s3.head(to);
      assert.deepEqual([head.ContentType, head.Metadata], ['text/csv', { new: 'yes' }]);
    },
  },
  {
    name: 'the metadata directive COPY ignores metadata of the request',
    check: async (s3) => {
      const { from, to } = await pair(s3);
      await s3.copy(from, to, { Metadata: { new: 'yes' }, ContentType: 'text/csv' });
      const head = await s3.head(to);
      assert.deepEqual([head.ContentType, head.Metadata], [RICH.ContentType, RICH.Metadata]);
    },
  },
  {
    name: 'the tagging directive REPLACE takes tags from the request',
    check: async (s3) => {
      const { from, to } = await pair(s3);
      await s3.copy(from, to, { TaggingDirective: 'REPLACE', Tagging: 'stage=clean' });
      assert.deepEqual(await tagsOf(s3, to), [{ Key: 'stage', Value: 'clean' }]);
    },
  },
  {
    name: 'a copy is STANDARD unless it names a storage class, whatever its source is',
    check: async (s3) => {
      const from = await s3.place();
      await s3.put({ ...from, Body: 'x', StorageClass: 'STANDARD_IA' });
      const [plain, named] = [await s3.place(), await s3.place()];
      await s3.copy(from, plain);
      await s3.copy(from, named, { StorageClass: 'ONEZONE_IA' });
      assert.equal((await s3.head(plain)).StorageClass, undefined);
      assert.equal((await s3.head(named)).StorageClass, 'ONEZONE_IA');
    },
  },
  {
    name: 'CopySourceIfMatch copies the named ETag',
    check: async (s3) => {
      const { from, to, ETag } = await pair(s3);
      await s3.copy(from, to, { CopySourceIfMatch: ETag });
      assert.equal(await s3.text(to), RICH.Body);
    },
  },
  {
    name: 'CopySourceIfMatch refuses another ETag and writes nothing',
    check: async (s3) => {
      const { from, to } = await pair(s3);
      await refuses(s3.copy(from, to, { CopySourceIfMatch: OTHER_ETAG }), 412, 'PreconditionFailed');
      await refuses(s3.head(to), 404);
    },
  },
  {
    name: 'CopySourceIfNoneMatch refuses the named ETag with 412',
    check: async (s3) => {
      const { from, to, ETag } = await pair(s3);
      await refuses(s3.copy(from, to, { CopySourceIfNoneMatch: ETag }), 412, 'PreconditionFailed');
      await s3.copy(from, to, { CopySourceIfNoneMatch: OTHER_ETAG });
    },
  },
  {
    name: 'CopySourceIfUnmodifiedSince refuses a source that changed since',
    check: async (s3) => {
      const { from, to } = await pair(s3);
      const CopySourceIfUnmodifiedSince = new Date('2001-01-01T00:00:00Z');
      await refuses(s3.copy(from, to, { CopySourceIfUnmodifiedSince }), 412, 'PreconditionFailed');
    },
  },
  {
    name: 'a copy with If-None-Match: * creates, and never overwrites',
    check: async (s3) => {
      const { from, to } = await pair(s3);
      await s3.copy(from, to, { IfNoneMatch: '*' });
      await s3.put({ ...to, Body: 'mine' });
      await refuses(s3.copy(from, to, { IfNoneMatch: '*' }), 412, 'PreconditionFailed');
      assert.equal(await s3.text(to), 'mine');
    },
  },
  {
    name: 'a copy with If-Match overwrites only the named ETag',
    check: async (s3) => {
      const { from, to } = await pair(s3);
      const { ETag } = await s3.put({ ...to, Body: 'old' });
      await refuses(s3.copy(from, to, { IfMatch: OTHER_ETAG }), 412, 'PreconditionFailed');
      assert.equal(await s3.text(to), 'old');
      await s3.copy(from, to, { IfMatch: ETag });
      assert.equal(await s3.text(to), RICH.Body);
    },
  },
  {
    name: 'a copy with If-Match where nothing is answers 404',
    check: async (s3) => {
      const { from, to } = await pair(s3);
      await refuses(s3.copy(from, to, { IfMatch: OTHER_ETAG }), 404, 'NoSuchKey');
    },
  },
  {
    name: 'a copy of a missing object is NoSuchKey',
    check: async (s3) => refuses(s3.copy(await s3.place(), await s3.place()), 404, 'NoSuchKey'),
  },
  {
    name: 'a copy from a missing bucket is NoSuchBucket',
    check: async (s3) => {
      const from = { Bucket: `conformance-missing-${Date.now()}`, Key: 'k' };
      await refuses(s3.copy(from, await s3.place()), 404, 'NoSuchBucket');
    },
  },
  {
    name: 'a copy onto itself that changes nothing is refused',
    check: async (s3) => {
      const { from } = await pair(s3);
      await refuses(s3.copy(from, from), 400, 'InvalidRequest');
    },
  },
  {
    name: 'a copy onto itself may replace the metadata',
    check: async (s3) => {
      const { from } = await pair(s3);
      await s3.copy(from, from, { MetadataDirective: 'REPLACE', Metadata: { new: 'yes' } });
      assert.deepEqual((await s3.head(from)).Metadata, { new: 'yes' });
      assert.equal(await s3.text(from), RICH.Body);
    },
  },
  {
    name: 'a copy can name a version of its source',
    check: async (s3) => {
      const from = { Bucket: await s3.versioned(), Key: `${s3.prefix()}object` };
      const { VersionId } = await s3.put({ ...from, Body: 'old' });
      await s3.put({ ...from, Body: 'new' });
      const to = await s3.place();
      const answer = await s3.copy(from, to, { CopySource: `${copySource(from)}?versionId=${VersionId}` });
      assert.equal(await s3.text(to), 'old');
      assert.equal(answer.CopySourceVersionId, VersionId);
    },
  },
  {
    name: 'a multipart object copied in one piece gets the MD5 of its bytes as ETag',
    check: async (s3) => {
      const [from, to] = [await s3.place(), await s3.place()];
      const parts = [Buffer.alloc(PART_BYTES, 'a'), Buffer.from('b')];
      const { ETag } = await s3.multipart(from, parts);
      assert.match(ETag ?? '', /^"[0-9a-f]{32}-2"$/);
      await s3.copy(from, to);
      const md5 = createHash('md5').update(Buffer.concat(parts)).digest('hex');
      assert.equal((await s3.head(to)).ETag, `"${md5}"`);
    },
  },
  {
    name: 'an archived object cannot be copied before it is restored',
    check: async (s3) => {
      const from = await s3.place();
      await s3.put({ ...from, Body: 'x', StorageClass: 'DEEP_ARCHIVE' });
      await refuses(s3.copy(from, await s3.place()), 403, 'InvalidObjectState', 'ObjectNotInActiveTierError');
    },
  },
];
