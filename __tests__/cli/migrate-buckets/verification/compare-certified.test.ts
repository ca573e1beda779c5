import {
  areComparable,
  compareContent,
  compareListed,
} from '../../../../cli/migrate-buckets/verification/compare-certified';

const checksum = { algorithm: 'CRC64NVME', value: 'AAAA', type: 'FULL_OBJECT' } as const;
const certified = { size: 5, etag: 'e1', checksum, sha256: 'a1' };

describe('what a listing shows of a certified object', () => {
  it('is the same under the same size and ETag', () => {
    expect(compareListed(certified, { size: 5, etag: 'e1' })).toBeUndefined();
  });

  it('differs in its size, which is said first', () => {
    expect(compareListed(certified, { size: 1, etag: 'e2' })).toBe('It has 1 byte; 5 were certified.');
  });

  it('differs in its ETag though it has the same size', () => {
    expect(compareListed(certified, { size: 5, etag: 'e2' })).toBe('Its ETag is e2; e1 was certified.');
  });
});

describe('the checksum and the bytes of a certified object', () => {
  const compare = (now: Partial<Parameters<typeof compareContent>[1]>, more = {}) =>
    compareContent({ ...certified, ...more }, { checksum, sha256: 'a1', ...now });
  const other = { ...checksum, value: 'BBBB' };

  it('are the same', () => {
    expect(compare({})).toBeUndefined();
  });

  it('differ in the checksum that S3 keeps', () => {
    expect(compare({ checksum: other })).toBe('Its CRC64NVME is BBBB; AAAA was certified.');
  });

  it('differ in the SHA-256 of the bytes', () => {
    expect(compare({ sha256: 'b2' })).toBe('The SHA-256 of its bytes is b2; a1 was certified.');
  });

  it.each([
    ['the certificate tells none', { checksum: null }, { checksum: other }],
    ['S3 keeps none today', {}, { checksum: null }],
    ['it was computed by another algorithm', {}, { checksum: { ...other, algorithm: 'SHA256' as const } }],
    ['it was computed of the parts', {}, { checksum: { ...other, type: 'COMPOSITE' } }],
  ])('are not compared by the checksum where %s', (_why, more, now) => {
    expect(compare(now, more)).toBeUndefined();
  });

  it('are not compared byte by byte where the certificate tells no SHA-256, or none was read', () => {
    expect(compare({ sha256: 'b2' }, { sha256: null })).toBeUndefined();
    expect(compare({ sha256: null })).toBeUndefined();
  });

  it('can be compared by checksums only of one kind', () => {
    expect(areComparable(checksum, other)).toBe(true);
    expect(areComparable(checksum, { ...checksum, algorithm: 'CRC32' })).toBe(false);
    expect(areComparable(checksum, { ...checksum, type: null })).toBe(false);
  });
});
