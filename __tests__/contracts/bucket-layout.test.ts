import { createHash } from 'node:crypto';
import fc from 'fast-check';
import {
  annotationKeys,
  deltaKey,
  heldTogetherKey,
  heldTogetherPrefix,
  isDecoy,
  isDecoyKey,
  isVersionId,
  legacyDeltaKey,
  ndjsonKey,
  ocrKey,
  ocrKeys,
  parseAnnotationKey,
  parseOcrKey,
  receiptHeldTogether,
  snapshotArchiveKey,
  snapshotHashKey,
  snapshotManifestKey,
  snapshotPointerKey,
  versionId,
} from '../../contracts/bucket-layout';
import { collections, imageIds, receiptIds, runIds } from '../support/arbitraries';

const receipts = fc.record({ imageId: imageIds, receiptId: receiptIds });
const uniques = fc.stringMatching(/^[0-9a-f]{8}$/);
const dates = fc.date({ min: new Date('2000-01-01'), max: new Date('2099-12-31'), noInvalidDate: true });

test('the key of an OCR result names its receipt', () => {
  fc.assert(fc.property(receipts, (receipt) => expect(parseOcrKey(ocrKey(receipt))).toEqual(receipt)));
});

test('an image id in capitals is the same image', () => {
  fc.assert(
    fc.property(receipts, ({ imageId, receiptId }) => {
      const key = ocrKey({ imageId: imageId.toUpperCase(), receiptId });
      expect(parseOcrKey(key)).toEqual({ imageId, receiptId });
    }),
  );
});

test.each([
  'ocr/receipt-00001.json',
  'ocr/0f3c1b6a-6f0e-4b8e-9d0a-1c2d3e4f5a6b/receipt-1.json',
  'ocr/0f3c1b6a-6f0e-4b8e-9d0a-1c2d3e4f5a6b/receipt-00001.txt',
  'old/ocr/0f3c1b6a-6f0e-4b8e-9d0a-1c2d3e4f5a6b/receipt-00001.json',
  'ocr/0f3c1b6a-6f0e-4b8e-9d0a-1c2d3e4f5a6b/receipt-00001.json/again',
])('%s is no OCR result', (key) => {
  expect(parseOcrKey(key)).toBeUndefined();
});

test.each([
  ['an OCR result', ocrKeys, parseOcrKey],
  ['an annotation', annotationKeys, parseAnnotationKey],
] as const)(
  '%s may stand under its image’s id in small letters or in capitals, and under no other spelling',
  (_what, keys, parse) => {
    fc.assert(
      fc.property(receipts, (receipt) => {
        expect(keys(receipt).map(parse)).toEqual(keys(receipt).map(() => receipt));
        const [own = '', inCapitals] = keys(receipt);
        expect(own).toContain(`/${receipt.imageId}/`);
        expect(inCapitals ?? own).toContain(`/${receipt.imageId.toUpperCase()}/`);
        const mixed = receipt.imageId.replace(/[a-f]/, (letter) => letter.toUpperCase());
        const key = own.replace(receipt.imageId, mixed);
        if (!keys(receipt).includes(key)) expect(parse(key)).toBeUndefined();
      }),
    );
  },
);

test('what an image’s first OCR result has held is noted by receipt, below a prefix that no rows lie under', () => {
  fc.assert(
    fc.property(receipts, fc.stringMatching(/^[0-9a-f]{32}$/), collections, (receipt, etag, each) => {
      const key = heldTogetherKey(receipt);
      const prefix = heldTogetherPrefix(receipt.imageId);
      expect(key.startsWith(prefix)).toBe(true);
      expect(receiptHeldTogether(key)).toBe(receipt.receiptId);
      expect(ndjsonKey(receipt, etag, each).startsWith(prefix)).toBe(false);
    }),
  );
});

test('version ids are recognised, and sort as the moments that they stand for', () => {
  fc.assert(
    fc.property(dates, dates, uniques, (a, b, unique) => {
      const [first, second] = [versionId(a, unique), versionId(b, unique)];
      expect(isVersionId(first)).toBe(true);
      if (a < b) expect(first < second).toBe(true);
    }),
  );
});

test('the version ids of the old system are recognised, and nothing else is', () => {
  expect(isVersionId('20250814_120301')).toBe(true);
  expect(isVersionId('20250814_120301_123456_deadbeef')).toBe(true);
  for (const wrong of ['latest', '20250814', '20250814_120301/..', '20250814_120301_123456_DEADBEEF', '']) {
    expect(isVersionId(wrong)).toBe(false);
  }
});

test('the placeholders of the old infrastructure are decoys, and no key that we write is', () => {
  expect(isDecoyKey('snapshot/.placeholder')).toBe(true);
  expect(isDecoyKey('lines/delta/.placeholder')).toBe(true);
  expect(isDecoyKey('words/snapshot/latest/pointer.txt')).toBe(true);
  fc.assert(
    fc.property(receipts, collections, runIds, dates, uniques, (receipt, collection, run, date, unique) => {
      const version = versionId(date, unique);
      const keys = [
        ocrKey(receipt),
        ndjsonKey(receipt, '"0cc175b9c0f1b6a831c399e269772661-2"', collection),
        ndjsonKey(receipt, null, collection),
        deltaKey(collection, run),
        legacyDeltaKey(collection, run),
        snapshotPointerKey(collection),
        snapshotArchiveKey(collection, version),
        snapshotHashKey(collection, version),
        snapshotManifestKey(collection, version),
      ];
      expect(keys.filter(isDecoyKey)).toEqual([]);
    }),
  );
});

test('the layout is the one that existing buckets have', () => {
  const receipt = { imageId: '0f3c1b6a-6f0e-4b8e-9d0a-1c2d3e4f5a6b', receiptId: 7 };
  const version = '20260314_174200_000001_0badcafe';
  expect([
    ocrKey(receipt),
    ndjsonKey(receipt, '"0cc175b9-2"', 'words'),
    ndjsonKey(receipt, null, 'lines'),
    deltaKey('lines', 'ab'.repeat(16)),
    snapshotPointerKey('lines'),
    snapshotArchiveKey('lines', version),
    snapshotHashKey('lines', version),
    snapshotManifestKey('lines', version),
  ]).toEqual([
    'ocr/0f3c1b6a-6f0e-4b8e-9d0a-1c2d3e4f5a6b/receipt-00007.json',
    'receipts/0f3c1b6a-6f0e-4b8e-9d0a-1c2d3e4f5a6b/receipt-00007/0cc175b9-2/words.ndjson',
    'receipts/0f3c1b6a-6f0e-4b8e-9d0a-1c2d3e4f5a6b/receipt-00007/removed/lines.ndjson',
    'lines/delta/abababababababababababababababab/delta.arrow',
    'lines/snapshot/latest-pointer.txt',
    'lines/snapshot/timestamped/20260314_174200_000001_0badcafe/snapshot.tar.gz',
    'lines/snapshot/timestamped/20260314_174200_000001_0badcafe/.snapshot_hash',
    'lines/snapshot/timestamped/20260314_174200_000001_0badcafe/manifest.json',
  ]);
});

test('takes for decoys only what the old infrastructure put everywhere', () => {
  expect(isDecoyKey('lines/snapshot/.placeholder')).toBe(true);
  expect(isDecoyKey('lines/snapshot/latest-pointer.txt')).toBe(false);
});

describe('A4: a decoy is known by its content as well', () => {
  const object = (key: string, body: string) => ({
    key,
    size: Buffer.byteLength(body),
    etag: createHash('md5').update(body).digest('hex'),
  });
  const KEY = 'lines/snapshot/.placeholder';

  it.each([
    [KEY, ''],
    ['snapshot/.placeholder', 'This folder contains ChromaDB snapshots'],
    ['words/delta/.placeholder', 'This folder contains ChromaDB delta files'],
    ['snapshot/latest/pointer.txt', 'snapshot/initial/'],
  ])('%s is one when it holds "%s"', (key, body) => {
    expect(isDecoy(object(key, body))).toBe(true);
    expect(isDecoy({ ...object(key, body), key: 'lines/snapshot/latest-pointer.txt' })).toBe(false);
  });

  it('is none with other bytes, however few, or where the ETag does not tell them', () => {
    expect(isDecoy(object(KEY, 'x'))).toBe(false);
    // The old system moved that pointer on.
    expect(isDecoy(object('snapshot/latest/pointer.txt', 'snapshot/20250814_120301/'))).toBe(false);
    expect(isDecoy({ ...object(KEY, 'snapshot/initial/'), etag: 'of-kms' })).toBe(false);
    expect(isDecoy({ ...object(KEY, 'snapshot/initial/'), size: 5_000_000 })).toBe(false);
    expect(isDecoy({ key: KEY, size: 0, etag: 'of-kms' })).toBe(true);
  });
});
