import fc from 'fast-check';
import { versionId } from '../../contracts/bucket-layout';
import { collectionPointerSchema } from '../../contracts/collection-pointer';
import { compactionRuns, instants } from '../support/arbitraries';
import { pointer } from '../support/runs';

const pointers = fc
  .record({
    merged: fc.array(compactionRuns, { maxLength: 5 }),
    publishedAt: instants.map((instant) => new Date(instant)),
    uncovered: fc.array(fc.string({ minLength: 1 })),
  })
  .map(pointer);

test('a pointer reads back as it was written', () => {
  fc.assert(
    fc.property(pointers, (written) => {
      expect(collectionPointerSchema.parse(JSON.parse(JSON.stringify(written)))).toEqual(written);
    }),
  );
});

test('a pointer before the first publish holds only its fence', () => {
  expect(collectionPointerSchema.parse({ PK: 'COLLECTION#lines', SK: 'POINTER', fence: 0 })).toEqual({
    fence: 0,
  });
});

test.each([
  ['a negative fence', { fence: -1 }],
  ['no fence', {}],
  ['a version that is none', { fence: 1, version: 'latest' }],
  ['a version of another time', { fence: 1, version: versionId(new Date(0), 'NOTAHEX!') }],
])('a pointer with %s is refused', (_what, item) => {
  expect(collectionPointerSchema.safeParse(item).success).toBe(false);
});
