import assert from 'node:assert/strict';
import {
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeleteObjectTaggingCommand,
  GetObjectTaggingCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandInput,
  PutBucketVersioningCommand,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3';
import { type ConformanceCase, refuses, type Subject } from './subject';

async function versionedPlace(s3: Subject) {
  return { Bucket: await s3.versioned(), Key: `${s3.prefix()}object` };
}

const remove = (s3: Subject, place: { Bucket: string; Key: string; VersionId?: string | undefined }) =>
  s3.client.send(new DeleteObjectCommand(place));

/** Versions and markers of a listing as one list, in the order of keys and then of age. */
async function versions(s3: Subject, input: ListObjectVersionsCommandInput) {
  const page = await s3.client.send(new ListObjectVersionsCommand(input));
  return {
    ...page,
    versions: (page.Versions ?? []).map(({ VersionId, IsLatest }) => [VersionId, IsLatest]),
    markers: (page.DeleteMarkers ?? []).map(({ VersionId, IsLatest }) => [VersionId, IsLatest]),
  };
}

export const versionCases: readonly ConformanceCase[] = [
  {
    name: 'each put makes a version; all are listed, the newest first',
    check: async (s3) => {
      const place = await versionedPlace(s3);
      const one = await s3.put({ ...place, Body: '1' });
      const two = await s3.put({ ...place, Body: '2' });
      assert.notEqual(one.VersionId, two.VersionId);
      const listed = await versions(s3, { Bucket: place.Bucket, Prefix: place.Key });
      assert.deepEqual(listed.versions, [
        [two.VersionId, true],
        [one.VersionId, false],
      ]);
    },
  },
  {
    name: 'an old version is read by its id, the newest without',
    check: async (s3) => {
      const place = await versionedPlace(s3);
      const { VersionId = '' } = await s3.put({ ...place, Body: 'old' });
      await s3.put({ ...place, Body: 'new' });
      assert.equal(await s3.text({ ...place, VersionId }), 'old');
      assert.equal(await s3.text(place), 'new');
    },
  },
  {
    name: 'a delete makes a marker, which hides the object and loses nothing',
    check: async (s3) => {
      const place = await versionedPlace(s3);
      const { VersionId = '' } = await s3.put({ ...place, Body: 'kept' });
      const marker = await remove(s3, place);
      assert.equal(marker.DeleteMarker, true);
      await refuses(s3.text(place), 404, 'NoSuchKey');
      assert.deepEqual(await s3.keys(place.Bucket, place.Key), []);
      assert.equal(await s3.text({ ...place, VersionId }), 'kept');
      const listed = await versions(s3, { Bucket: place.Bucket, Prefix: place.Key });
      assert.deepEqual(listed.markers, [[marker.VersionId, true]]);
      assert.deepEqual(listed.versions, [[VersionId, false]]);
    },
  },
  {
    name: 'removing the marker brings the object back',
    check: async (s3) => {
      const place = await versionedPlace(s3);
      await s3.put({ ...place, Body: 'back' });
      const { VersionId } = await remove(s3, place);
      const answer = await remove(s3, { ...place, VersionId });
      assert.equal(answer.DeleteMarker, true);
      assert.equal(await s3.text(place), 'back');
    },
  },
  {
    name: 'removing the newest version makes the one before it current',
    check: async (s3) => {
      const place = await versionedPlace(s3);
      await s3.put({ ...place, Body: 'old' });
      const { VersionId } = await s3.put({ ...place, Body: 'new' });
      await remove(s3, { ...place, VersionId });
      assert.equal(await s3.text(place), 'old');
    },
  },
  {
    name: 'a marker cannot be read by its id: 405',
    check: async (s3) => {
      const place = await versionedPlace(s3);
      await s3.put({ ...place, Body: 'x' });
      const { VersionId = '' } = await remove(s3, place);
      await refuses(s3.text({ ...place, VersionId }), 405, 'MethodNotAllowed');
      await refuses(s3.head({ ...place, VersionId }), 405);
    },
  },
  {
    name: 'the tags of what a marker hides can neither be read nor written nor removed: 405',
    check: async (s3) => {
      const place = await versionedPlace(s3);
      await s3.put({ ...place, Body: 'x', Tagging: 'a=1' });
      const { VersionId } = await remove(s3, place);
      for (const input of [place, { ...place, VersionId }]) {
        const Tagging = { TagSet: [{ Key: 'b', Value: '2' }] };
        await refuses(s3.client.send(new GetObjectTaggingCommand(input)), 405, 'MethodNotAllowed');
        await refuses(
          s3.client.send(new PutObjectTaggingCommand({ ...input, Tagging })),
          405,
          'MethodNotAllowed',
        );
        await refuses(s3.client.send(new DeleteObjectTaggingCommand(input)), 405, 'MethodNotAllowed');
      }
    },
  },
  {
    name: 'a version that does not exist is NoSuchVersion',
    check: async (s3) => {
      const place = await versionedPlace(s3);
      const { VersionId = '' } = await s3.put({ ...place, Body: 'x' });
      await remove(s3, { ...place, VersionId });
      await s3.put({ ...place, Body: 'y' });
      await refuses(s3.text({ ...place, VersionId }), 404, 'NoSuchVersion');
    },
  },
  {
    name: 'If-None-Match: * takes a deleted object for none',
    check: async (s3) => {
      const place = await versionedPlace(s3);
      await s3.put({ ...place, Body: 'old' });
      await remove(s3, place);
      await s3.put({ ...place, Body: 'new', IfNoneMatch: '*' });
      assert.equal(await s3.text(place), 'new');
    },
  },
  {
    name: 'versions are listed in pages that continue inside a key',
    check: async (s3) => {
      const Bucket = await s3.versioned();
      const Prefix = s3.prefix();
      const written: (string | undefined)[] = [];
      for (const name of ['a', 'b']) {
        const ids = [];
        for (const Body of ['1', '2', '3']) {
          ids.unshift((await s3.put({ Bucket, Key: Prefix + name, Body })).VersionId);
        }
        written.push(...ids);
      }
      const seen: (string | undefined)[] = [];
      let markers: Partial<ListObjectVersionsCommandInput> = {};
      for (;;) {
        const page = await s3.client.send(
          new ListObjectVersionsCommand({ Bucket, Prefix, MaxKeys: 2, ...markers }),
        );
        seen.push(...(page.Versions ?? []).map(({ VersionId }) => VersionId));
        if (!page.IsTruncated) break;
        markers = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
      }
      assert.deepEqual(seen, written);
    },
  },
  {
    name: 'a key marker alone goes on behind all versions of that key',
    check: async (s3) => {
      const Bucket = await s3.versioned();
      const Prefix = s3.prefix();
      for (const name of ['a', 'a', 'b']) await s3.put({ Bucket, Key: Prefix + name, Body: name });
      const page = await versions(s3, { Bucket, Prefix, KeyMarker: `${Prefix}a` });
      assert.deepEqual(
        page.Versions?.map(({ Key }) => Key),
        [`${Prefix}b`],
      );
    },
  },
  {
    name: 'versions can be grouped by a delimiter',
    check: async (s3) => {
      const Bucket = await s3.versioned();
      const Prefix = s3.prefix();
      for (const name of ['a', 'b/1', 'b/2']) await s3.put({ Bucket, Key: Prefix + name, Body: name });
      const page = await versions(s3, { Bucket, Prefix, Delimiter: '/' });
      assert.deepEqual(
        [page.Versions?.map(({ Key }) => Key), page.CommonPrefixes?.map((group) => group.Prefix)],
        [[`${Prefix}a`], [`${Prefix}b/`]],
      );
    },
  },
  {
    name: 'objects of a bucket that never had versions are listed as version "null"',
    check: async (s3) => {
      const place = await s3.place();
      const { VersionId } = await s3.put({ ...place, Body: 'x' });
      assert.equal(VersionId, undefined);
      const listed = await versions(s3, { Bucket: place.Bucket, Prefix: place.Key });
      assert.deepEqual(listed.versions, [['null', true]]);
    },
  },
  {
    name: 'what was there before versioning stays as version "null"',
    check: async (s3) => {
      const Bucket = await s3.newBucket();
      await s3.put({ Bucket, Key: 'k', Body: 'before' });
      await s3.client.send(
        new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }),
      );
      await s3.put({ Bucket, Key: 'k', Body: 'after' });
      assert.equal(await s3.text({ Bucket, Key: 'k', VersionId: 'null' }), 'before');
    },
  },
  {
    name: 'while versioning is suspended, puts replace version "null" and keep the others',
    check: async (s3) => {
      const Bucket = await s3.newVersionedBucket();
      const { VersionId } = await s3.put({ Bucket, Key: 'k', Body: 'kept' });
      await s3.client.send(
        new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Suspended' } }),
      );
      await s3.put({ Bucket, Key: 'k', Body: 'one' });
      await s3.put({ Bucket, Key: 'k', Body: 'two' });
      const listed = await versions(s3, { Bucket });
      assert.deepEqual(listed.versions, [
        ['null', true],
        [VersionId, false],
      ]);
    },
  },
  {
    name: 'while versioning is suspended, a delete puts a marker in the place of version "null"',
    check: async (s3) => {
      const Bucket = await s3.newVersionedBucket();
      const { VersionId } = await s3.put({ Bucket, Key: 'k', Body: 'kept' });
      await s3.client.send(
        new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Suspended' } }),
      );
      await s3.put({ Bucket, Key: 'k', Body: 'lost' });
      await remove(s3, { Bucket, Key: 'k' });
      const listed = await versions(s3, { Bucket });
      assert.deepEqual([listed.markers, listed.versions], [[['null', true]], [[VersionId, false]]]);
    },
  },
  {
    name: 'DeleteObjects removes exactly the versions and markers that it names',
    check: async (s3) => {
      const place = await versionedPlace(s3);
      const { Bucket, Key } = place;
      const one = await s3.put({ ...place, Body: '1' });
      const two = await s3.put({ ...place, Body: '2' });
      const marker = await remove(s3, place);
      await s3.client.send(
        new DeleteObjectsCommand({
          Bucket,
          Delete: {
            Objects: [
              { Key, VersionId: one.VersionId },
              { Key, VersionId: marker.VersionId },
            ],
          },
        }),
      );
      const listed = await versions(s3, { Bucket, Prefix: Key });
      assert.deepEqual([listed.markers, listed.versions], [[], [[two.VersionId, true]]]);
    },
  },
  {
    name: 'DeleteObjects without version ids makes markers and names them',
    check: async (s3) => {
      const place = await versionedPlace(s3);
      await s3.put({ ...place, Body: 'x' });
      const { Deleted = [] } = await s3.client.send(
        new DeleteObjectsCommand({ Bucket: place.Bucket, Delete: { Objects: [{ Key: place.Key }] } }),
      );
      assert.equal(Deleted[0]?.DeleteMarker, true);
      assert.ok(Deleted[0]?.DeleteMarkerVersionId);
    },
  },
  {
    name: 'a bucket that holds only a delete marker is not empty',
    check: async (s3) => {
      const Bucket = await s3.newVersionedBucket();
      await remove(s3, { Bucket, Key: 'never-there' });
      await refuses(s3.client.send(new DeleteBucketCommand({ Bucket })), 409, 'BucketNotEmpty');
    },
  },
];
