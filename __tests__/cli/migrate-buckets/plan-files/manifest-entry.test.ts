import fc from 'fast-check';
import { looksEqual } from '../../../../cli/migrate-buckets/listing/listed-object';
import { pairListings } from '../../../../cli/migrate-buckets/listing/pair';
import { manifestLine } from '../../../../cli/migrate-buckets/plan-files/digest';
import { planEntry } from '../../../../cli/migrate-buckets/plan-files/manifest-entry';
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
      storageClass: 'STANDARD',
      action: 'copy',
      expected: 'absent',
    } as const;
    const turned = Object.fromEntries(Object.entries(entry).reverse()) as typeof entry;
    expect(manifestLine(turned)).toBe(manifestLine(entry));
  });
});
