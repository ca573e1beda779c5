import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import {
  abortUpload,
  copyInParts,
  type PartsContext,
} from '../../../../cli/migrate-buckets/engine/copy-in-parts';
import type { CopyRequest } from '../../../../cli/migrate-buckets/engine/engine';
import type { ListedObject } from '../../../../cli/migrate-buckets/listing/listed-object';
import { Pace } from '../../../../cli/shared/aws/pace';
import { useEmbeddedS3 } from '../../../support/embedded-s3';
import { type Command, intercepted } from '../../../support/intercepted-client';

const KEY = 'some/ünusual key';

const embedded = useEmbeddedS3({ minimumPartBytes: 1 });
let source: string;
let destination: string;
beforeEach(async () => {
  source = await embedded.bucket();
  destination = await embedded.bucket();
});

/** Begins an upload and fills it with these parts. */
async function uploadParts(
  bucket: string,
  parts: readonly string[],
  more: Partial<CreateMultipartUploadCommandInput> = {},
): Promise<{ uploadId: string; etags: string[] }> {
  const where = { Bucket: bucket, Key: KEY };
  const { UploadId = '' } = await embedded.s3.send(new CreateMultipartUploadCommand({ ...where, ...more }));
  const etags: string[] = [];
  for (const [index, Body] of parts.entries()) {
    const part = { ...where, UploadId, PartNumber: index + 1, Body };
    etags.push((await embedded.s3.send(new UploadPartCommand(part))).ETag ?? '');
  }
  return { uploadId: UploadId, etags };
}

/** Stores an object that was uploaded in these parts. */
async function storeParts(
  parts: readonly string[],
  more: Partial<CreateMultipartUploadCommandInput> = {},
): Promise<ListedObject> {
  const { uploadId: UploadId, etags } = await uploadParts(source, parts, more);
  const Parts = etags.map((ETag, index) => ({ PartNumber: index + 1, ETag }));
  const complete = { Bucket: source, Key: KEY, UploadId, MultipartUpload: { Parts } };
  await embedded.s3.send(new CompleteMultipartUploadCommand(complete));
  await embedded.admin.resetRequests();
  return embedded.look(source, KEY);
}

const copy = (
  object: ListedObject,
  changes: Partial<CopyRequest> = {},
  context: Partial<PartsContext> = {},
) =>
  copyInParts(
    {
      s3: embedded.s3,
      pace: new Pace({ tries: 1 }),
      signal: new AbortController().signal,
      partSize: 4,
      ...context,
    },
    { source, destination, object, key: object.key, expected: 'absent', ...changes },
  );
const copied = () => embedded.text(destination, KEY);
const unfinished = async () =>
  (await embedded.s3.send(new ListMultipartUploadsCommand({ Bucket: destination }))).Uploads ?? [];

/** A client that notes what it sends, and whose answers may be changed. */
function watched(change: (command: Command, answer: object) => object = (_command, answer) => answer) {
  const sent: { name: string; input: Readonly<Record<string, unknown>> }[] = [];
  const client: S3Client = intercepted(embedded.s3, async (command, send) => {
    sent.push({ name: command.constructor.name.replace('Command', ''), input: { ...command.input } });
    return change(command, (await send()) as object);
  });
  const inputs = (name: string) => sent.filter((each) => each.name === name).map(({ input }) => input);
  return {
    client,
    inputs,
    names: () => sent.map(({ name }) => name),
    ranges: () => inputs('UploadPartCopy').map(({ CopySourceRange }) => CopySourceRange),
    /** The parts that were looked at, one by one. */
    looked: () => inputs('HeadObject').map(({ PartNumber }) => PartNumber),
  };
}
const answering = (name: string, changes: object) =>
  watched((command, answer) =>
    command.constructor.name === `${name}Command` ? { ...answer, ...changes } : answer,
  );

describe('The parts of a copy are those of the original', () => {
  it.each<[string, string[], number[], string[]]>([
    ['even', ['aaaa', 'bbbb', 'cc'], [1, 2], ['bytes=0-3', 'bytes=4-7', 'bytes=8-9']],
    ['uneven', ['aaaa', 'bb', 'cccc'], [1, 2, 2, 3], ['bytes=0-3', 'bytes=4-5', 'bytes=6-9']],
    ['uneven though as many', ['aaaa', 'bbb', 'ccc'], [1, 2, 2, 3], ['bytes=0-3', 'bytes=4-6', 'bytes=7-9']],
    ['two', ['aaaa', 'b'], [1], ['bytes=0-3', 'bytes=4-4']],
    ['two, the second longer', ['a', 'bbbb'], [1, 2], ['bytes=0-0', 'bytes=1-4']],
    ['one', ['aaaa'], [1], ['bytes=0-3']],
    ['one, and empty', [''], [1], [undefined as unknown as string]],
  ])('%s, so that the ETag is the same', async (_what, parts, looked, ranges) => {
    const object = await storeParts(parts);
    const watch = watched();
    expect(await copy(object, {}, { s3: watch.client })).toEqual({ etag: object.etag });
    expect(await copied()).toBe(parts.join(''));
    expect(watch.looked()).toEqual(looked);
    expect(watch.ranges()).toEqual(ranges);
  });

  it.each([{ PartsCount: undefined }, { PartsCount: 9 }, { ContentLength: undefined }])(
    'unless the store does not tell them: %j',
    async (told) => {
      const object = await storeParts(['aaaaaa', 'bbbb']);
      const watch = answering('HeadObject', told);
      await copy({ ...object, size: 10 }, {}, { s3: watch.client, partSize: 6 * 1024 ** 2 });
      expect(watch.ranges()).toEqual(['bytes=0-9']);
      expect(watch.looked()).toEqual([1]);
      expect(await copied()).toBe('aaaaaabbbb');
    },
  );

  it('unless it was uploaded whole', async () => {
    const object = await embedded.put(source, KEY, 'content');
    const watch = watched();
    const size = 11 * 1024 ** 2;
    await expect(
      copy({ ...object, size }, {}, { s3: watch.client, partSize: 6 * 1024 ** 2 }),
    ).rejects.toThrow();
    expect(watch.ranges()[0]).toBe(`bytes=0-${6 * 1024 ** 2 - 1}`);
  });
});

describe('A copy in parts carries', () => {
  it('what the original was stored with', async () => {
    const original = {
      ContentType: 'application/gzip',
      ContentEncoding: 'gzip',
      ContentDisposition: 'attachment',
      ContentLanguage: 'de',
      CacheControl: 'no-cache',
      Expires: new Date('2030-01-01T00:00:00Z'),
      Metadata: { note: 'kept' },
      StorageClass: 'STANDARD_IA',
    } as const;
    const object = await storeParts(['content'], { ...original, Tagging: 'kind=big&x=%C3%A4%2B' });
    await copy(object);
    const where = { Bucket: destination, Key: KEY };
    const { Expires: _expires, ...head } = original;
    expect(await embedded.s3.send(new HeadObjectCommand(where))).toMatchObject({
      ...head,
      ExpiresString: 'Tue, 01 Jan 2030 00:00:00 GMT',
    });
    expect((await embedded.s3.send(new GetObjectTaggingCommand(where))).TagSet).toEqual([
      { Key: 'kind', Value: 'big' },
      { Key: 'x', Value: 'ä+' },
    ]);
  });

  it.each(['-1', '0', '2030-01-01', 'Tue, 01 Jan 2030 00:00:00 GMT'])('its end as it is: %s', async (end) => {
    const object = await storeParts(['content']);
    await copy(object, {}, { s3: answering('HeadObject', { ExpiresString: end }).client });
    const there = await embedded.s3.send(new HeadObjectCommand({ Bucket: destination, Key: KEY }));
    expect(there.ExpiresString).toBe(end);
  });

  it('no tags and no end where the original has none, or nothing is told of them', async () => {
    const object = await storeParts(['content']);
    for (const watch of [watched(), answering('GetObjectTagging', { TagSet: undefined })]) {
      await copy(
        object,
        { expected: (await copied()) === undefined ? 'absent' : object.etag },
        { s3: watch.client },
      );
      const where = { Bucket: destination, Key: KEY };
      expect((await embedded.s3.send(new GetObjectTaggingCommand(where))).TagSet).toEqual([]);
      expect(await embedded.s3.send(new HeadObjectCommand(where))).not.toHaveProperty('ExpiresString');
      // An empty header of tags is an error to some servers.
      expect(watch.inputs('CreateMultipartUpload')).toEqual([
        expect.not.objectContaining({ Tagging: expect.anything() }),
      ]);
    }
  });
});

describe('Every request is pinned', () => {
  it('to the listed source, and to a destination that has nothing there', async () => {
    const object = await storeParts(['aaaa', 'bbbb', 'cc']);
    await embedded.admin.resetRequests();
    await copy(object);
    const pinned = { 'if-match': `"${object.etag}"` };
    const part = { 'x-amz-copy-source-if-match': `"${object.etag}"` };
    expect(
      (await embedded.admin.conditionalRequests()).map(({ operation, conditions }) => [
        operation,
        conditions,
      ]),
    ).toEqual([
      ['HeadObject', pinned],
      ['HeadObject', pinned],
      ['UploadPartCopy', part],
      ['UploadPartCopy', part],
      ['UploadPartCopy', part],
      ['CompleteMultipartUpload', { 'if-none-match': '*' }],
    ]);
  });

  it('to the very object that it may overwrite', async () => {
    const object = await storeParts(['aaaa']);
    const { etag } = await embedded.put(destination, KEY, 'older');
    await copy(object, { expected: etag });
    expect((await embedded.admin.conditionalRequests()).at(-1)?.conditions).toEqual({
      'if-match': `"${etag}"`,
    });
    expect(await copied()).toBe('aaaa');
  });

  it.each(['UploadPartCopy', 'CompleteMultipartUpload'])(
    'so that a source or destination that changes before %s fails the whole, which leaves nothing',
    async (operation) => {
      const object = await storeParts(['aaaa', 'bbbb']);
      const bucket = operation === 'UploadPartCopy' ? source : destination;
      await embedded.admin.inject({ operation, mutate: { put: { bucket, key: KEY, body: 'theirs' } } });
      await expect(copy(object)).rejects.toMatchObject({ name: 'PreconditionFailed' });
      expect(await embedded.text(bucket, KEY)).toBe('theirs');
      expect(await unfinished()).toEqual([]);
    },
  );
});

describe('An upload that was begun before', () => {
  it('is gone on with: parts of the right size are kept, others copied anew', async () => {
    const object = await storeParts(['aaaa', 'bbbb', 'cc']);
    const { uploadId } = await uploadParts(destination, ['aaaa', 'b']);
    const onUpload = jest.fn();
    const watch = watched();
    expect(await copy(object, { uploadId, onUpload }, { s3: watch.client })).toEqual({ etag: object.etag });
    expect(watch.ranges()).toEqual(['bytes=4-7', 'bytes=8-9']);
    expect(watch.names()).not.toContain('CreateMultipartUpload');
    expect(onUpload).not.toHaveBeenCalled();
    expect(await copied()).toBe('aaaabbbbcc');
    expect(await unfinished()).toEqual([]);
  });

  it('is begun anew when it is gone', async () => {
    const object = await storeParts(['aaaa', 'bbbb']);
    const { uploadId } = await uploadParts(destination, ['aaaa', 'bbbb']);
    await abortUpload(embedded.s3, destination, KEY, uploadId);
    const onUpload = jest.fn();
    const watch = watched();
    await copy(object, { uploadId, onUpload }, { s3: watch.client });
    expect(watch.ranges()).toHaveLength(2);
    expect(onUpload).toHaveBeenCalledTimes(1);
    expect(onUpload.mock.calls[0]).not.toEqual([uploadId]);
  });

  it('is looked through page by page', async () => {
    const object = await storeParts(['aaaa', 'bbbb', 'cc']);
    const { uploadId } = await uploadParts(destination, ['aaaa', 'bbbb', 'cc']);
    const paged = intercepted(embedded.s3, async (command, send) => {
      if (command.constructor.name === 'ListPartsCommand') Object.assign(command.input, { MaxParts: 1 });
      return send();
    });
    await embedded.admin.resetRequests();
    expect(await copy(object, { uploadId }, { s3: paged })).toEqual({ etag: object.etag });
    const requests = await embedded.admin.requests();
    expect(requests.ListParts).toBe(3);
    expect(requests).not.toHaveProperty('UploadPartCopy');
  });

  it('is not looked through beyond the last page, which names its last part, too', async () => {
    const object = await storeParts(['aaaa']);
    const { uploadId } = await uploadParts(destination, ['aaaa']);
    const watch = answering('ListParts', { IsTruncated: false, NextPartNumberMarker: '1' });
    await copy(object, { uploadId }, { s3: watch.client });
    expect(watch.inputs('ListParts')).toHaveLength(1);
  });

  it('has no part for what its listing does not tell whole', async () => {
    const object = await storeParts(['aaaa', 'bbbb', 'cc']);
    const { uploadId } = await uploadParts(destination, ['aaaa', 'bbbb', 'cc']);
    const watch = watched((command, answer) => {
      if (command.constructor.name !== 'ListPartsCommand') return answer;
      const { Parts: [first, second, third] = [] } = answer as { Parts?: object[] };
      const Parts = [
        { ...first, ETag: undefined },
        { ...second, PartNumber: undefined },
        { ...third, Size: undefined },
      ];
      return { ...answer, Parts };
    });
    await copy(object, { uploadId }, { s3: watch.client });
    expect(watch.ranges()).toHaveLength(3);
  });

  it('may have no parts yet', async () => {
    const object = await storeParts(['aaaa']);
    const { uploadId } = await uploadParts(destination, []);
    const watch = watched();
    await copy(object, { uploadId }, { s3: watch.client });
    expect(watch.names()).not.toContain('CreateMultipartUpload');
    expect(await copied()).toBe('aaaa');
  });

  it('is not taken for gone when it cannot be looked at', async () => {
    const object = await storeParts(['aaaa']);
    const { uploadId } = await uploadParts(destination, ['aaaa']);
    await embedded.admin.resetRequests();
    await embedded.admin.inject({ operation: 'ListParts', fail: 'AccessDenied' });
    await expect(copy(object, { uploadId })).rejects.toMatchObject({ name: 'AccessDenied' });
    expect(await embedded.admin.requests()).not.toHaveProperty('CreateMultipartUpload');
  });
});

describe('A new upload', () => {
  it('is noted before its first part', async () => {
    const object = await storeParts(['aaaa']);
    const order: string[] = [];
    const noting = intercepted(embedded.s3, (command, send) => {
      order.push(command.constructor.name);
      return send();
    });
    await copy(
      object,
      { onUpload: async (id) => void order.push(id === '' ? 'none' : 'noted') },
      { s3: noting },
    );
    expect(order).toEqual([
      'HeadObjectCommand',
      'GetObjectTaggingCommand',
      'CreateMultipartUploadCommand',
      'noted',
      'UploadPartCopyCommand',
      'CompleteMultipartUploadCommand',
    ]);
  });

  it('is aborted when the copy fails', async () => {
    const object = await storeParts(['aaaa', 'bbbb']);
    await embedded.admin.inject({ operation: 'UploadPartCopy', nth: 2, fail: 'AccessDenied' });
    await expect(copy(object)).rejects.toMatchObject({ name: 'AccessDenied' });
    expect(await unfinished()).toEqual([]);
  });

  it('fails with its own error also when it cannot be aborted', async () => {
    const object = await storeParts(['aaaa']);
    await embedded.admin.inject(
      { operation: 'UploadPartCopy', fail: 'AccessDenied' },
      { operation: 'AbortMultipartUpload', fail: 'InternalError', times: 0 },
    );
    await expect(copy(object)).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  it('is kept for the next run when everything is stopped', async () => {
    const object = await storeParts(['aaaa', 'bbbb']);
    const stopping = new AbortController();
    const stopped = intercepted(embedded.s3, async (command, send) => {
      const answer = await send();
      if (command.constructor.name === 'UploadPartCopyCommand') stopping.abort(new Error('Stopped.'));
      return answer;
    });
    await expect(copy(object, {}, { s3: stopped, signal: stopping.signal })).rejects.toThrow('Stopped.');
    expect(await unfinished()).toHaveLength(1);
  });

  it.each([
    ['CreateMultipartUpload', { UploadId: undefined }, `S3 gave no upload id for ${KEY}.`],
    ['UploadPartCopy', { CopyPartResult: undefined }, `S3 gave no ETag for part 1 of ${KEY}.`],
    ['UploadPartCopy', { CopyPartResult: {} }, `S3 gave no ETag for part 1 of ${KEY}.`],
    ['CompleteMultipartUpload', { ETag: undefined }, `S3 gave no ETag for ${KEY}.`],
  ])('is not believed when %s answers %j', async (name, changes, message) => {
    const object = await storeParts(['aaaa']);
    await expect(copy(object, {}, { s3: answering(name, changes).client })).rejects.toThrow(message);
  });
});

it('asks nothing in order to abort an upload that was never begun', async () => {
  await embedded.admin.resetRequests();
  await abortUpload(embedded.s3, destination, KEY, undefined);
  expect(await embedded.admin.requests()).toEqual({});
});
