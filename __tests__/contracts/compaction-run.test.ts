import fc from 'fast-check';
import { COLLECTIONS } from '../../contracts/collections';
import {
  collectionKey,
  decodeRun,
  encodeRun,
  isForeignRun,
  pendingAttribute,
  RUN_TYPE,
  runKey,
  runSortPrefix,
} from '../../contracts/compaction-run';
import { collections, compactionRuns, receiptIds } from '../support/arbitraries';

test('a run reads back from its item as it was written', () => {
  fc.assert(fc.property(compactionRuns, (run) => expect(decodeRun(encodeRun(run))).toEqual(run)));
});

test("a run's item lies below its image and receipt and says its type", () => {
  fc.assert(
    fc.property(compactionRuns, (run) => {
      const item = encodeRun(run);
      expect(item).toMatchObject({ PK: `IMAGE#${run.image_id}`, TYPE: RUN_TYPE });
      expect(item.SK).toBe(`${runSortPrefix(run.receipt_id)}${run.run_id}`);
    }),
  );
});

test('a run stands on the pending index of a collection exactly while it is unfinished there', () => {
  fc.assert(
    fc.property(compactionRuns, collections, (run, collection) => {
      const unfinished = ['PENDING', 'PROCESSING'].includes(run[collection].state);
      expect(pendingAttribute(collection) in encodeRun(run)).toBe(unfinished);
    }),
  );
});

test('an item never holds an undefined attribute, which DynamoDB refuses', () => {
  fc.assert(
    fc.property(compactionRuns, (run) => expect(Object.values(encodeRun(run))).not.toContain(undefined)),
  );
});

test('a run of another version or with an unknown state is refused', () => {
  fc.assert(
    fc.property(compactionRuns, collections, (run, collection) => {
      const item = encodeRun(run);
      expect(() => decodeRun({ ...item, version: 2 })).toThrow('version');
      expect(() => decodeRun({ ...item, [`${collection}_state`]: 'DONE' })).toThrow(collection);
    }),
  );
});

describe('An item under the key of a run', () => {
  const foreign = fc
    .tuple(fc.uuid(), receiptIds, fc.uuid())
    .map(([imageId, receiptId, runId]) => ({ ...runKey({ imageId, receiptId, runId }), TYPE: RUN_TYPE }));

  it('is another system’s where it has no version and its id is none of ours', () => {
    fc.assert(fc.property(foreign, (item) => expect(isForeignRun(item)).toBe(true)));
  });
  it('is ours, also a malformed one, where it has either', () => {
    fc.assert(
      fc.property(compactionRuns, foreign, fc.anything(), (run, item, version) => {
        const { version: _, ...unversioned } = encodeRun(run);
        expect(isForeignRun(encodeRun(run))).toBe(false);
        expect(isForeignRun(unversioned)).toBe(false);
        expect(isForeignRun({ ...item, version })).toBe(version === undefined);
      }),
    );
  });
});

test("each collection has one key for its pointer and lease, which is no run's", () => {
  const keys = COLLECTIONS.map((collection) => JSON.stringify(collectionKey(collection)));
  expect(new Set(keys).size).toBe(COLLECTIONS.length);
  expect(keys.join()).not.toContain(RUN_TYPE);
});
