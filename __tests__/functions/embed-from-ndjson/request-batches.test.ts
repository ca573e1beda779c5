import fc from 'fast-check';
import { requestBatches } from '../../../functions/embed-from-ndjson/request-batches';
import { byteLength } from '../../../functions/embed-from-ndjson/tokens';

const texts = fc.array(
  fc
    .tuple(fc.constantFrom('a', 'é', '漢', '🧾'), fc.integer({ min: 1, max: 60 }))
    .map(([unit, times]) => unit.repeat(times)),
  { maxLength: 60 },
);
const limits = fc.record({
  requestInputs: fc.integer({ min: 1, max: 12 }),
  requestTokens: fc.integer({ min: 1, max: 500 }),
});
const sum = (batch: readonly string[]) => byteLength(batch.join(''));

test('every text is in exactly one request, in order', () => {
  fc.assert(
    fc.property(texts, limits, (all, limit) => {
      expect(requestBatches(all, limit, byteLength).flat()).toEqual(all);
    }),
  );
});

test('no request is over a limit, but for one text that alone is, and none could have taken the next text too', () => {
  fc.assert(
    fc.property(texts, limits, (all, limit) => {
      const batches = requestBatches(all, limit, byteLength);
      batches.forEach((batch, index) => {
        expect(batch.length).toBeLessThanOrEqual(limit.requestInputs);
        if (batch.length > 1) expect(sum(batch)).toBeLessThanOrEqual(limit.requestTokens);
        const [next] = batches[index + 1] ?? [];
        if (next === undefined || batch.length === limit.requestInputs) return;
        expect(sum([...batch, next])).toBeGreaterThan(limit.requestTokens);
      });
    }),
  );
});
