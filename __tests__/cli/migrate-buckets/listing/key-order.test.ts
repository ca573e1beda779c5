import fc from 'fast-check';
import { compareKeys } from '../../../../cli/migrate-buckets/listing/key-order';
import { decodeListedKey } from '../../../../cli/migrate-buckets/listing/listed-object';
import { bytewise, key } from '../arbitrary-listings';

describe('key order', () => {
  it('is the order of UTF-8 bytes, whatever the plane', () => {
    fc.assert(fc.property(key, key, (a, b) => expect(Math.sign(compareKeys(a, b))).toBe(bytewise(a, b))));
  });

  it('reads every key back from a listing', () => {
    fc.assert(
      fc.property(key, (each) => {
        expect(decodeListedKey(encodeURIComponent(each).replaceAll('%20', '+'))).toBe(each);
      }),
    );
  });
});
