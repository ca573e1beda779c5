import { createHash } from 'node:crypto';
import type { S3Client } from '@aws-sdk/client-s3';
import { Placement } from '../../../../cli/migrate-buckets/listing/placement';
import type { Journal } from '../../../../cli/migrate-buckets/plan-files/journal';
import {
  BATCH,
  type Candidate,
  deleteProven,
} from '../../../../cli/migrate-buckets/retirement/delete-proven';
import type { Sides } from '../../../../cli/migrate-buckets/verification/evaluate-object';
import { Proofs } from '../../../../cli/migrate-buckets/verification/proofs';
import type { Aws } from '../../../../cli/shared/aws/clients';
import { useEmbeddedS3 } from '../../../support/embedded-s3';
import { intercepted } from '../../../support/intercepted-client';
import { contents } from '../../../support/old-buckets';
import { stream } from '../arbitrary-listings';

const VERSION = '20260101_000000';
const IN_SNAPSHOT = `lines/snapshot/timestamped/${VERSION}/data_level0.bin`;
const CHANGED = 'It was changed since the verification.';
const CONTROL = 'b\u0001';
const TOTAL = 3;

const embedded = useEmbeddedS3();
let source: string;
let destination: string;
let placement: Placement;
beforeEach(async () => {
  source = await embedded.bucket();
  placement = Placement.plain(source);
  destination = await embedded.bucket();
});

/** An object of the source, which the destination holds too or, where that is said, in another way. */
async function migrated(key: string, there: string | null = key): Promise<Candidate> {
  const twin = await embedded.put(source, key, key);
  if (there !== null) await embedded.put(destination, key, there);
  return { key, twin, deletions: [{ key, etag: twin.etag }] };
}

interface Options {
  readonly s3?: S3Client;
  readonly sides?: Partial<Sides>;
  readonly conditional?: boolean;
}

/** What became of the candidates, and the requests that it took. */
async function remove(
  candidates: readonly Candidate[] | AsyncIterable<Candidate>,
  { s3 = embedded.s3, sides = {}, conditional = true }: Options = {},
) {
  const progress: unknown[] = [];
  await embedded.admin.resetRequests();
  const result = await deleteProven(
    {
      aws: { s3, options: {} } as Aws,
      report: { tell() {}, progress: (...told) => void progress.push(told) },
      signal: new AbortController().signal,
      ask: undefined,
    },
    {
      sides: { source, destination, placement, deep: false, snapshots: [], proofs: new Proofs(), ...sides },
      candidates: 'length' in candidates ? stream(candidates) : candidates,
      conditional,
      total: TOTAL,
    },
  );
  const requests = await embedded.admin.requests();
  return { ...result, requests, progress, left: [...(await contents(embedded.s3, source)).keys()] };
}
const failed = (key: string, message: unknown) => ({
  failed: [{ key, message }],
  failed_count: 1,
  left: [key],
});

it('deletes what one page of the destination proves, by one request after it', async () => {
  const candidates = [await migrated('a'), await migrated('b'), await migrated('c')];
  const { requests, progress, ...result } = await remove(candidates);
  expect(result).toEqual({ deleted: 3, failed: [], failed_count: 0, left: [] });
  expect(requests).toEqual({ ListObjectsV2: 1, DeleteObjects: 1 });
  expect(progress).toEqual([['deleting', 3, 3]]);
});

it('asks for nothing where nothing is to go', async () => {
  expect(await remove([])).toMatchObject({ deleted: 0, requests: {} });
});

it.each<[string, string | null, string]>([
  ['is missing', null, 'It is missing at the destination.'],
  ['has another size', 'longer', 'It has 6 bytes at the destination and 1 at the source.'],
  ['has other content', 'x', 'It has the same size, but nothing proves its content. Run verify with --deep.'],
])('leaves and names an object whose twin %s, and deletes the others', async (_what, there, why) => {
  const candidates = [await migrated('a'), await migrated('b', there), await migrated('c')];
  expect(await remove(candidates)).toMatchObject({ deleted: 2, ...failed('b', why) });
});

it('needs no twin for what was never to be copied', async () => {
  const { etag } = await embedded.put(source, 'decoy', 'x');
  const decoy = { key: 'decoy', twin: undefined, deletions: [{ key: 'decoy', etag }] };
  expect(await remove([decoy])).toMatchObject({ deleted: 1, failed_count: 0, left: [] });
});

it('leaves what is known to stand in the way, without asking', async () => {
  const candidate = { ...(await migrated('a')), obstacle: 'No.' };
  expect(await remove([candidate])).toMatchObject({ deleted: 0, ...failed('a', 'No.'), requests: {} });
});

it('leaves and names an object that changes in the last moment, or that may not be deleted', async () => {
  const candidates = [await migrated('a'), await migrated('b')];
  await embedded.admin.inject({
    operation: 'DeleteObjects',
    mutate: { put: { bucket: source, key: 'a', body: 'late' } },
  });
  expect(await remove(candidates)).toMatchObject({ deleted: 1, ...failed('a', CHANGED) });
});

describe('Where some are archived', () => {
  it.each([
    [{ archived: [''], live: [] }, 1],
    // What is archived lies before what is live, though it comes after it.
    [{ archived: ['c'], live: [] }, 2],
    [{ archived: [''], live: ['c'] }, 1],
  ])('by %j, each is looked for where it belongs, and one page tells of no other', async (rules, pages) => {
    placement = new Placement(source, rules);
    const candidates: Candidate[] = [];
    for (const key of ['b1', 'b2', 'c', 'd']) {
      const twin = await embedded.put(source, key, key);
      // What lies under the key itself is another's.
      await embedded.put(destination, key, 'other');
      if (key !== 'd') await embedded.put(destination, placement.keyOf(key), key);
      candidates.push({ key, twin, deletions: [{ key, etag: twin.etag }] });
    }
    const why = placement.keyOf('d').includes('/')
      ? `It is missing at the destination, where it belongs under archive/${source}/d.`
      : 'It has 5 bytes at the destination and 1 at the source.';
    expect(await remove(candidates)).toMatchObject({
      deleted: 3,
      ...failed('d', why),
      requests: { ListObjectsV2: pages },
    });
  });
});

it('leaves what the plan leaves out, whatever it was given, and asks nothing of it', async () => {
  placement = new Placement(source, { archived: [], live: [], filters: [{ action: 'exclude', glob: 'b*' }] });
  const candidates = [await migrated('a'), await migrated('b')];
  const { etag } = await embedded.put(source, 'b/decoy', 'x');
  const decoy = { key: 'b/decoy', twin: undefined, deletions: [{ key: 'b/decoy', etag }] };
  const why = 'The plan leaves it out (--include, --exclude).';
  expect(await remove([...candidates, decoy])).toMatchObject({
    deleted: 1,
    failed: [
      { key: 'b', message: why },
      { key: 'b/decoy', message: why },
    ],
    failed_count: 2,
    left: ['b', 'b/decoy'],
  });
});

it('names the first hundred that are left, and counts all', async () => {
  const candidates = Array.from({ length: 101 }, (_, index) => ({
    key: `k${index}`,
    twin: undefined,
    deletions: [],
    obstacle: 'No.',
  }));
  const { failed: named, failed_count } = await remove(candidates);
  expect([named.length, failed_count]).toEqual([100, 101]);
});

describe('A deletion that fails for a passing reason', () => {
  it.each([{ fail: 'SlowDown' as const }, { fail: 'InternalError' as const }, { reset: 'before' as const }])(
    'is proven anew before it is sent again: what went from the destination meanwhile is left (A1), %j',
    async (broken) => {
      const candidates = [await migrated('a'), await migrated('b')];
      const mutate = { delete: { bucket: destination, key: 'b' } };
      await embedded.admin.inject({ operation: 'DeleteObjects', mutate, ...broken });
      expect(await remove(candidates)).toMatchObject({
        deleted: 1,
        ...failed('b', 'It is missing at the destination.'),
        requests: { ListObjectsV2: 2, DeleteObjects: 2 },
      });
    },
  );

  it('is the same for a key that stands in no batch', async () => {
    const candidates = [await migrated(CONTROL)];
    const mutate = { delete: { bucket: destination, key: CONTROL } };
    await embedded.admin.inject({ operation: 'DeleteObject', mutate, fail: 'SlowDown' });
    expect(await remove(candidates)).toMatchObject({ deleted: 0, failed_count: 1, left: [CONTROL] });
  });

  it('is tried six times, and then a sentence', async () => {
    const candidates = [await migrated('a')];
    await embedded.admin.inject({ operation: 'DeleteObjects', fail: 'SlowDown', times: 0 });
    await expect(remove(candidates)).rejects.toThrow(`It failed to delete from ${source}: SlowDown`);
    expect(await embedded.admin.requests()).toEqual({ ListObjectsV2: 6, DeleteObjects: 6 });
  });

  it('is not tried again for a reason that stays', async () => {
    const candidates = [await migrated('a')];
    await embedded.admin.inject({ operation: 'DeleteObjects', fail: 'AccessDenied', times: 0 });
    await expect(remove(candidates)).rejects.toThrow(`Access was denied when asked to delete from ${source}`);
    expect(await embedded.admin.requests()).toEqual({ ListObjectsV2: 1, DeleteObjects: 1 });
  });
});

describe('Keys that XML cannot carry', () => {
  it('are deleted one by one, each after a page of its own, and in their order with the others', async () => {
    const candidates = [await migrated('a'), await migrated(CONTROL), await migrated('c')];
    expect(await remove(candidates)).toMatchObject({
      deleted: 3,
      left: [],
      requests: { ListObjectsV2: 3, DeleteObjects: 2, DeleteObject: 1 },
    });
  });

  it.each([
    ['deleted', { delete: 0 }, { deleted: 0, failed_count: 0 }],
    ['changed', { put: 'x' }, { deleted: 0, failed: [{ key: CONTROL, message: CHANGED }] }],
  ])('are left alone when they are %s in the last moment', async (_what, change, expected) => {
    const candidates = [await migrated(CONTROL)];
    const where = { bucket: source, key: CONTROL };
    const mutate = 'put' in change ? { put: { ...where, body: 'other' } } : { delete: where };
    await embedded.admin.inject({ operation: 'DeleteObject', mutate });
    expect(await remove(candidates)).toMatchObject(expected);
  });

  it('are named when they may not be deleted, and the others go', async () => {
    const candidates = [await migrated(CONTROL), await migrated('c')];
    await embedded.admin.inject({ operation: 'DeleteObject', fail: 'AccessDenied', times: 0 });
    expect(await remove(candidates)).toMatchObject({
      deleted: 1,
      ...failed(CONTROL, expect.stringContaining('AccessDenied')),
    });
  });
});

describe('A twin that its listing does not prove', () => {
  /** Both hold the same bytes, but the destination's are copied in parts: its ETag is another. */
  const inParts = async (key: string): Promise<Candidate> => {
    const candidate = await migrated(key);
    await embedded.putInParts(destination, key, key);
    return candidate;
  };
  const journal = { proves: (...[, , to]: string[]) => to?.endsWith('-1') } as Journal;
  const snapshots = [{ collection: 'lines', version: VERSION } as const];

  it('may be our own copy, where no pointer leads to it: nothing is read', async () => {
    const { deleted, requests } = await remove([await inParts('a')], { sides: { journal } });
    expect([deleted, requests]).toEqual([1, { ListObjectsV2: 1, DeleteObjects: 1 }]);
  });

  it('is read where a pointer leads to it, and then the destination is listed again', async () => {
    const { deleted, requests } = await remove([await inParts(IN_SNAPSHOT)], {
      sides: { journal, snapshots },
    });
    expect([deleted, requests]).toEqual([1, { ListObjectsV2: 2, GetObject: 2, DeleteObjects: 1 }]);
  });

  it('is not read again where that was done in the same run', async () => {
    const candidate = await inParts(IN_SNAPSHOT);
    const proofs = new Proofs();
    const there = await embedded.look(destination, IN_SNAPSHOT);
    if (candidate.twin !== undefined) proofs.add(candidate.twin, there);
    const { deleted, requests } = await remove([candidate], { sides: { snapshots, proofs } });
    expect([deleted, requests]).toEqual([1, { ListObjectsV2: 1, DeleteObjects: 1 }]);
  });

  it('is left when it goes while it is read', async () => {
    await embedded.admin.inject({
      operation: 'GetObject',
      mutate: { delete: { bucket: destination, key: 'a' } },
    });
    const candidates = [await migrated('a'), await inParts(IN_SNAPSHOT)];
    expect(await remove(candidates, { sides: { snapshots } })).toMatchObject({
      deleted: 1,
      ...failed('a', 'It is missing at the destination.'),
    });
  });

  it('is left when it becomes another each time that it is looked at', async () => {
    const candidate = await inParts(IN_SNAPSHOT);
    // Its ETag is another on every page, though its bytes are the same.
    let number = 0;
    const s3 = intercepted(embedded.s3, async (command, send) => {
      const answer = (await send()) as { Contents?: { ETag?: string }[] };
      if (command.constructor.name !== 'ListObjectsV2Command') return answer;
      for (const object of answer.Contents ?? []) object.ETag = `"${number++}"`;
      return answer;
    });
    const unpinned = intercepted(s3, (command, send) => {
      if (command.constructor.name === 'GetObjectCommand') Object.assign(command.input, { IfMatch: '*' });
      return send();
    });
    const result = await remove([candidate], { s3: unpinned, sides: { snapshots } });
    expect(result).toMatchObject({
      ...failed(IN_SNAPSHOT, 'It goes on changing at the destination.'),
      requests: { ListObjectsV2: 6 },
    });
  });
});

describe('A batch', () => {
  it('is all that is ever held of the candidates', async () => {
    const candidates: Candidate[] = [];
    for (let number = 0; number < 120; number++) candidates.push(await migrated(`k${1000 + number}`));
    let taken = 0;
    async function* counted() {
      for (const each of candidates) {
        taken++;
        yield each;
      }
    }
    const ahead: number[] = [];
    const s3 = intercepted(embedded.s3, (command, send) => {
      if (command.constructor.name === 'DeleteObjectsCommand') ahead.push(taken);
      return send();
    });
    const { deleted } = await remove(counted(), { s3, conditional: false });
    expect([deleted, ahead]).toEqual([120, [50, 100, 120]]);
  });

  it('ends where the page of the destination ends', async () => {
    const keys = Array.from({ length: 7 }, (_, index) => `k${index}`);
    const candidates: Candidate[] = [];
    for (const key of keys) candidates.push(await migrated(key));
    // What only the destination has takes room on the page.
    for (const key of ['k0a', 'k0b', 'k0c', 'k3a']) await embedded.put(destination, key, 'x');
    const sizes: number[] = [];
    const s3 = intercepted(embedded.s3, (command, send) => {
      const { Delete } = command.input as { Delete?: { Objects: unknown[] } };
      if (Delete === undefined) Object.assign(command.input, { MaxKeys: 3 });
      else sizes.push(Delete.Objects.length);
      return send();
    });
    expect(await remove(candidates, { s3 })).toMatchObject({ deleted: 7, left: [] });
    expect(sizes.every((size) => size <= 3)).toBe(true);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(7);
  });

  it('holds as many deletions as one request takes, and no more', async () => {
    const etag = createHash('md5').update('x').digest('hex');
    const versions = (key: string, count: number): Candidate => ({
      key,
      twin: undefined,
      deletions: Array.from({ length: count }, () => ({ key, etag })),
    });
    const sizes: number[] = [];
    const s3 = intercepted(embedded.s3, async (command, send) => {
      if (!('Delete' in command.input)) return send();
      const { Objects } = command.input.Delete as { Objects: { Key: string }[] };
      sizes.push(Objects.length);
      return { Deleted: Objects };
    });
    const { deleted } = await remove(
      [versions('a', 1), versions('b', BATCH), versions('c', BATCH - 1), versions('d', 1)],
      { s3 },
    );
    expect([deleted, sizes]).toEqual([2 * BATCH + 1, [1, BATCH, BATCH]]);
  });
});

describe('Where the server ignores the condition of a deletion', () => {
  /** A server that deletes whatever lies there. */
  const careless = () =>
    intercepted(embedded.s3, (command, send) => {
      const { Delete } = command.input as { Delete?: { Objects: { ETag?: string }[] } };
      for (const object of Delete?.Objects ?? []) delete object.ETag;
      return send();
    });

  it('each object is looked at before, and what changed or went is left', async () => {
    const candidates = [await migrated('a'), await migrated('b'), await migrated('c')];
    await embedded.put(source, 'b', 'changed');
    expect(await remove(candidates, { s3: careless(), conditional: false })).toMatchObject({
      deleted: 2,
      ...failed('b', CHANGED),
      requests: { HeadObject: 3, DeleteObjects: 1 },
    });
  });

  it('nothing is looked at that has a version id', async () => {
    const candidate = { key: 'a', twin: undefined, deletions: [{ key: 'a', versionId: 'null' }] };
    await embedded.put(source, 'a', 'a');
    const { deleted, requests } = await remove([candidate], { conditional: false });
    expect([deleted, requests]).toEqual([1, { ListObjectsV2: 1, DeleteObjects: 1 }]);
  });

  it('batches are small, so that no look is old', async () => {
    const candidates = await Promise.all(
      Array.from({ length: 51 }, (_, index) => migrated(`k${String(index).padStart(2, '0')}`)),
    );
    expect(await remove(candidates, { s3: careless(), conditional: false })).toMatchObject({
      deleted: 51,
      requests: { ListObjectsV2: 2, DeleteObjects: 2 },
    });
  });

  it('what cannot be looked at is told of, and nothing is deleted', async () => {
    const candidates = [await migrated('a')];
    await embedded.admin.inject({ operation: 'HeadObject', fail: 'AccessDenied', times: 0 });
    await expect(remove(candidates, { conditional: false })).rejects.toThrow(`look at a in ${source}`);
    expect(await embedded.text(source, 'a')).toBe('a');
  });
});

it('stops where it is told to', async () => {
  const candidates = [await migrated('a')];
  const stopped = deleteProven(
    {
      aws: { s3: embedded.s3, options: {} } as Aws,
      report: { tell() {}, progress() {} },
      signal: AbortSignal.abort(new Error('Stopped.')),
      ask: undefined,
    },
    {
      sides: { source, destination, placement, deep: false, snapshots: [] },
      candidates: stream(candidates),
      conditional: true,
      total: 1,
    },
  );
  await expect(stopped).rejects.toThrow('Stopped.');
  expect(await embedded.text(source, 'a')).toBe('a');
});
