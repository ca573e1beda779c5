import fc from 'fast-check';
import { addDigests, contentDigestSchema, digestRecords, EMPTY_DIGEST } from '../../contracts/content-digest';

const records = fc.array(
  fc.record({ id: fc.string(), contentHash: fc.option(fc.string(), { nil: undefined }) }),
  { maxLength: 6 },
);

describe('The digest of records', () => {
  it('does not depend on their order, and that of none is empty', () => {
    fc.assert(
      fc.property(records, (some) => {
        expect(digestRecords([...some].reverse())).toBe(digestRecords(some));
        expect(contentDigestSchema.safeParse(digestRecords(some)).success).toBe(true);
      }),
    );
    expect(digestRecords([])).toBe(EMPTY_DIGEST);
  });

  it('is known from what was added and taken away', () => {
    fc.assert(
      fc.property(records, records, (kept, gone) => {
        const before = digestRecords([...kept, ...gone]);
        expect(addDigests(digestRecords(kept), digestRecords(gone))).toBe(before);
        expect(addDigests(before, digestRecords(gone), -1)).toBe(digestRecords(kept));
        expect(addDigests(EMPTY_DIGEST, before, -1)).toMatch(/^[0-9a-f]{64}$/);
      }),
    );
  });

  it.each([
    ['another id', { id: 'b', contentHash: '1' }],
    ['another content', { id: 'a', contentHash: '2' }],
    ['no content hash', { id: 'a', contentHash: undefined }],
    ['the border between both elsewhere', { id: 'a1', contentHash: '' }],
  ])('is another one with %s', (_what, other) => {
    expect(digestRecords([other])).not.toBe(digestRecords([{ id: 'a', contentHash: '1' }]));
  });

  it('counts a record as often as it is there', () => {
    const record = { id: 'a', contentHash: '1' };
    expect(digestRecords([record, record])).not.toBe(digestRecords([record]));
  });
});
