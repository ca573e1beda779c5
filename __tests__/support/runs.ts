import { randomBytes, randomUUID } from 'node:crypto';
import { deltaKey } from '../../contracts/bucket-layout';
import type { Collection } from '../../contracts/collections';
import type { CompactionRun } from '../../contracts/compaction-run';

/** A run as embed-from-ndjson writes it, of a receipt of its own. Its deltas are not stored anywhere. */
export function run(createdAt: Date = new Date()): CompactionRun {
  const run_id = randomBytes(16).toString('hex');
  const pending = (collection: Collection) => ({
    state: 'PENDING' as const,
    delta_key: deltaKey(collection, run_id),
    delta_sha256: randomBytes(32).toString('hex'),
    records: 7,
  });
  return {
    version: 1,
    run_id,
    image_id: randomUUID(),
    receipt_id: 1,
    created_at: createdAt.toISOString(),
    lines: pending('lines'),
    words: pending('words'),
  };
}
