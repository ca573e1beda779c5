import type { RecordLimits } from '../../../contracts/chroma-cloud';
import type { RecordMetadata } from '../../../contracts/delta';

/** A record would be more than its Chroma takes. Nothing of it was sent; it stays so, whatever else changes. */
export class BeyondLimits extends Error {
  override readonly name = 'BeyondLimits';
}

/** A record as it is to be stored, with its content hash. */
export interface MeasuredRecord {
  readonly id: string;
  /** Null or absent where it has none, or where it stays as it is. */
  readonly document?: string | null;
  readonly metadata: RecordMetadata;
}

/**
 * Says what of a record is more than Chroma Cloud takes, with the figure and the limit, and no content.
 *
 * @returns undefined when nothing is, or there are no limits.
 */
export function excessOf(
  limits: RecordLimits | undefined,
  { id, document, metadata }: MeasuredRecord,
): string | undefined {
  if (limits === undefined) return undefined;
  const keys = Object.keys(metadata);
  const texts = Object.entries(metadata).flatMap(([key, value]) =>
    [value]
      .flat()
      .map((each) => [`a text of %s bytes under "${key}"`, bytesOf(each), limits.valueBytes] as const),
  );
  const measured = [
    ['an id of %s bytes', bytesOf(id), limits.idBytes],
    ['a document of %s bytes', bytesOf(document), limits.documentBytes],
    ['%s metadata keys', keys.length, limits.metadataKeys],
    ...keys.map((key) => ['a metadata key of %s bytes', bytesOf(key), limits.keyBytes] as const),
    ...texts,
  ] as const;
  const beyond = measured.find(([, figure, limit]) => figure > limit);
  if (beyond === undefined) return undefined;
  const [what, figure, limit] = beyond;
  return `the record ${id} with ${what.replace('%s', () => String(figure))}, of which Chroma Cloud takes ${limit}`;
}

const bytesOf = (value: unknown): number => (typeof value === 'string' ? Buffer.byteLength(value) : 0);
