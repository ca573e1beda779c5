import fc from 'fast-check';
import { QUARANTINE_PREFIX } from '../../contracts/bucket-layout';
import { FUNCTION_NAMES } from '../../contracts/functions';
import {
  type QuarantineReason,
  quarantinedMessageKeys,
  quarantinedObjectKeys,
  quarantineReasonSchema,
} from '../../contracts/quarantine';
import { instants } from '../support/arbitraries';

const keys = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 1_024 })
  .filter((key) => Buffer.byteLength(key) <= 1_024);
const etags = fc.stringMatching(/^"[0-9a-f]{32}(-[0-9]{1,5})?"$/);
const reasons: fc.Arbitrary<QuarantineReason> = fc.record({
  version: fc.constant(1 as const),
  reason: fc.string({ minLength: 1 }),
  quarantined_by: fc.constantFrom(...FUNCTION_NAMES),
  quarantined_at: instants,
  source: fc.oneof(
    fc.record({ bucket: fc.string(), key: keys, etag: etags }),
    fc.record({ message_id: fc.uuid() }),
  ),
});

test('a reason reads back as it was written; one of another version is refused', () => {
  fc.assert(
    fc.property(reasons, (reason) => {
      expect(quarantineReasonSchema.parse(JSON.parse(JSON.stringify(reason)))).toEqual(reason);
      expect(quarantineReasonSchema.safeParse({ ...reason, version: 2 }).success).toBe(false);
    }),
  );
});

test('whatever key an object has, it can be kept under quarantine/ within the 1024 bytes that S3 allows', () => {
  fc.assert(
    fc.property(keys, etags, (key, etag) => {
      for (const kept of Object.values(quarantinedObjectKeys(key, etag))) {
        expect(kept.startsWith(QUARANTINE_PREFIX)).toBe(true);
        expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(1_024);
      }
    }),
  );
});

test('another key or another content is kept in another place, the same in the same', () => {
  fc.assert(
    fc.property(keys, keys, etags, etags, (key, otherKey, etag, otherEtag) => {
      const { content } = quarantinedObjectKeys(key, etag);
      expect(quarantinedObjectKeys(key, etag).content).toBe(content);
      if (otherKey !== key) expect(quarantinedObjectKeys(otherKey, etag).content).not.toBe(content);
      if (otherEtag !== etag) expect(quarantinedObjectKeys(key, otherEtag).content).not.toBe(content);
    }),
  );
});

test('messages of two functions never lie in one place', () => {
  const [a, b] = ['process-ocr-results', 'embed-from-ndjson'].map((name) =>
    quarantinedMessageKeys(name, 'm-1'),
  );
  expect(a?.content).not.toBe(b?.content);
});
