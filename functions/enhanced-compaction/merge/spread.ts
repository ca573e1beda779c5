import type { HashedRecord } from '../../../contracts/delta';
import { seededNumbers } from '../../../contracts/seeded-numbers';
import { sha256 } from '../../shared/sha256';

/**
 * How far a vector is moved, as a share of its length. Different texts are a thousand times as far from each other,
 * and a thousandth is still well above Float32's rounding in a cosine distance (about its square, 1e-6).
 */
const SHARE = 1e-3;

/**
 * A record whose vector is moved by a thousandth of its length, in a direction that its id alone decides.
 *
 * Receipts repeat themselves, so a collection is full of equal vectors ("TOTAL" with nothing beside it), and HNSW
 * cannot bear them: copies are as near to each other as to anything else that selects its links by distance, so they
 * link to nothing but themselves, and a search or an insertion that comes upon them does not get out again
 * (qdrant/qdrant#10239 measured it; `npm run bench:duplicates` measures it here). The delta in S3 keeps what the model
 * gave.
 */
export function spread<Each extends Pick<HashedRecord, 'id' | 'embedding'>>(record: Each): Each {
  const { id, embedding } = record;
  const length = Math.hypot(...embedding);
  // Uniform in ±reach, whose standard deviation is reach / √3.
  const reach = SHARE * length * Math.sqrt(3 / embedding.length);
  const random = seededNumbers(Number.parseInt(sha256(id).slice(0, 8), 16));
  return { ...record, embedding: embedding.map((value) => value + reach * (2 * random() - 1)) };
}
