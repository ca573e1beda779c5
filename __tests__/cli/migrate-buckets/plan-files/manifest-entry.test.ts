import fc from 'fast-check';
import { looksEqual } from '../../../../cli/migrate-buckets/listing/listed-object';
import { pairListings } from '../../../../cli/migrate-buckets/listing/pair';
import { manifestLine } from '../../../../cli/migrate-buckets/plan-files/digest';
import {
  isArchived,
  isPointerKey,
  planEntry,
} from '../../../../cli/migrate-buckets/plan-files/manifest-entry';
import { manifestEntrySchema } from '../../../../contracts/migrate-buckets/plan';
import { listing, stream } from '../arbitrary-listings';

describe('planning an object', () => {
  it('overwrites nothing without consent, and always says what it expects at the destination', async () => {
    await fc.assert(
      fc.asyncProperty(listing, listing, fc.boolean(), async (source, destination, overwrite) => {
        for await (const pair of pairListings(stream(source), stream(destination))) {
          const entry = planEntry(pair, overwrite);
          if (pair.source === undefined) expect(entry).toBeUndefined();
          else {
            expect(entry?.expected).toBe(pair.destination?.etag ?? 'absent');
            if (entry?.action === 'copy') expect(pair.destination).toBeUndefined();
            if (entry?.action === 'keep')
              expect(looksEqual(pair.source, pair.destination ?? pair.source)).toBe(true);
            if (entry?.action === 'replace') expect(overwrite).toBe(true);
          }
        }
      }),
    );
  });

  it('writes a manifest line that does not depend on the order of properties', () => {
    const entry = {
      key: 'k',
      size: 1,
      etag: 'e',
      storage_class: 'STANDARD',
      action: 'copy',
      expected: 'absent',
    } as const;
    const turned = Object.fromEntries(Object.entries(entry).reverse()) as typeof entry;
    expect(manifestLine(turned)).toBe(manifestLine(entry));
  });
});

describe('the action on a key', () => {
  const PLACEHOLDER = 'lines/snapshot/.placeholder';
  const object = (changes: object = {}) => ({
    key: 'lines/delta/x/delta.arrow',
    size: 1,
    etag: 'source',
    storageClass: 'STANDARD_IA',
    modified: 5,
    ...changes,
  });
  const key = object().key;
  const entry = (changes: object = {}) => ({
    key,
    size: 1,
    etag: 'source',
    storage_class: 'STANDARD_IA',
    action: 'copy',
    expected: 'absent',
    ...changes,
  });

  it('is to copy what the destination lacks', () => {
    expect(planEntry({ key, source: object(), destination: undefined }, false)).toEqual(entry());
    expect(planEntry({ key, source: object(), destination: undefined }, true)).toEqual(entry());
  });

  it('is to keep what the destination holds with the same ETag and size', () => {
    const destination = object({ storageClass: 'STANDARD', modified: 9 });
    expect(planEntry({ key, source: object(), destination }, true)).toEqual(
      entry({ action: 'keep', expected: 'source' }),
    );
  });

  it.each([{ etag: 'other' }, { size: 2 }])(
    'is a conflict, or a replacement where that is agreed, for %j',
    (other) => {
      const destination = object(other);
      const expected = destination.etag;
      expect(planEntry({ key, source: object(), destination }, false)).toEqual(
        entry({ action: 'conflict', expected }),
      );
      expect(planEntry({ key, source: object(), destination }, true)).toEqual(
        entry({ action: 'replace', expected }),
      );
    },
  );

  it('is to skip a decoy, whatever the destination holds', () => {
    const decoy = object({ key: PLACEHOLDER, size: 0 });
    for (const destination of [undefined, decoy, object({ key: PLACEHOLDER, etag: 'other' })]) {
      expect(planEntry({ key: PLACEHOLDER, source: decoy, destination }, true)?.action).toBe('skip');
    }
  });

  it('A4: is that of any other object where something else lies under the key of a decoy', () => {
    const source = object({ key: PLACEHOLDER });
    const decoy = object({ key: PLACEHOLDER, size: 0, etag: 'empty' });
    const actionOver = (destination: typeof source | undefined, overwrite = false) =>
      planEntry({ key: PLACEHOLDER, source, destination }, overwrite)?.action;
    expect(actionOver(undefined)).toBe('copy');
    expect(actionOver(source)).toBe('keep');
    // A decoy of the destination does not stand for it.
    expect(actionOver(decoy)).toBe('conflict');
    expect(actionOver(decoy, true)).toBe('replace');
  });

  it('is none for what only the destination has', () => {
    expect(planEntry({ key, source: undefined, destination: object() }, true)).toBeUndefined();
  });

  it('says which bucket a stranded delta comes from, and nothing where it is the source', () => {
    expect(planEntry({ key, source: object({ bucket: 'loser' }), destination: undefined }, false)).toEqual(
      entry({ bucket: 'loser' }),
    );
    expect(planEntry({ key, source: object(), destination: undefined }, false)).not.toHaveProperty('bucket');
  });
});

it('knows the pointers of both collections, and no other key', () => {
  expect(isPointerKey('lines/snapshot/latest-pointer.txt')).toBe(true);
  expect(isPointerKey('words/snapshot/latest-pointer.txt')).toBe(true);
  expect(isPointerKey('lines/snapshot/latest/pointer.txt')).toBe(false);
});

it.each([
  ['GLACIER', true],
  ['DEEP_ARCHIVE', true],
  ['GLACIER_IR', false],
  ['STANDARD', false],
  ['', false],
])('of the storage class %s, that it is archived is %p', (storage_class, archived) => {
  expect(isArchived({ storage_class })).toBe(archived);
});

describe('a line of the manifest', () => {
  const line = { key: 'k', size: 0, etag: 'e', storage_class: '', action: 'copy', expected: 'absent' };
  const isLine = (changes: object) => manifestEntrySchema.safeParse({ ...line, ...changes }).success;

  it.each(['copy', 'replace', 'conflict', 'keep', 'skip'])('may say %s', (action) => {
    expect(isLine({ action, bucket: 'loser' })).toBe(true);
  });

  it.each([
    { key: '' },
    { etag: '' },
    { expected: '' },
    { size: -1 },
    { size: 1.5 },
    { action: '' },
    { bucket: 7 },
  ])('must not say %j', (wrong) => {
    expect(isLine(wrong)).toBe(false);
  });
});
