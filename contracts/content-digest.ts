import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { sha256Schema } from './sha256';

/**
 * What a collection holds, in 64 hexadecimal digits: the sum, modulo 2^256, of a SHA-256 over each record's id and
 * content hash. A sum, so that a merge that knows what it added and took away knows the new digest without reading
 * the rest (an incremental multiset hash, AdHash of Bellare and Micciancio, 1997). It is there to notice damage and
 * mistakes, not a forger.
 */
export const contentDigestSchema = sha256Schema;
export type ContentDigest = z.infer<typeof contentDigestSchema>;

/** A record as a digest sees it. Records of the old system have no content hash. */
export interface DigestedRecord {
  readonly id: string;
  readonly contentHash: unknown;
}

const MODULUS = 1n << 256n;
const written = (sum: bigint): ContentDigest => sum.toString(16).padStart(64, '0');

/** The digest of a collection without records. */
export const EMPTY_DIGEST: ContentDigest = written(0n);

/** The digest of records in whatever order. */
export function digestRecords(records: Iterable<DigestedRecord>): ContentDigest {
  let sum = 0n;
  for (const { id, contentHash } of records) {
    const text = JSON.stringify([id, typeof contentHash === 'string' ? contentHash : '']);
    sum += BigInt(`0x${createHash('sha256').update(text).digest('hex')}`);
  }
  return written(sum % MODULUS);
}

/**
 * The digest of what two hold together.
 *
 * @param sign - -1 takes the second away from the first.
 */
export function addDigests(a: ContentDigest, b: ContentDigest, sign: 1 | -1 = 1): ContentDigest {
  const sum = BigInt(`0x${a}`) + BigInt(sign) * BigInt(`0x${b}`);
  return written(((sum % MODULUS) + MODULUS) % MODULUS);
}
