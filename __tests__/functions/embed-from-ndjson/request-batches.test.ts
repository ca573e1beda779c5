import fc from 'fast-check';
import { requestBatches } from '../../../functions/embed-from-ndjson/request-batches';

/** Texts within the model's own limit, as the pipeline makes them. */
const texts = fc.array(
  fc
    .tuple(fc.constantFrom('a', 'é', '漢', '🧾'), fc.integer({ min: 1, max: 2_000 }))
    .map(([unit, times]) => unit.repeat(times)),
  { maxLength: 400 },
);

test('every text is in exactly one request, in order', () => {
  fc.assert(fc.property(texts, (all) => expect(requestBatches(all).flat()).toEqual(all)));
});

test('no request has more bytes than tokens are allowed, and none could have taken the next text too', () => {
  fc.assert(
    fc.property(texts, (all) => {
      const batches = requestBatches(all);
      batches.forEach((batch, index) => {
        const bytes = Buffer.byteLength(batch.join(''));
        expect(bytes).toBeLessThanOrEqual(300_000);
        const [next] = batches[index + 1] ?? [];
        if (next !== undefined) expect(bytes + Buffer.byteLength(next)).toBeGreaterThan(300_000);
      });
    }),
  );
});

test('no request has more than 2048 inputs', () => {
  const batches = requestBatches(Array.from({ length: 5_000 }, () => 'x'));
  expect(batches.map(({ length }) => length)).toEqual([2_048, 2_048, 904]);
});
