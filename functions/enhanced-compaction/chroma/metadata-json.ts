import { FLOAT_KEYS, type RecordMetadata } from '../../../contracts/delta';

/** A metadata as JSON in which every float has its point. JavaScript's own JSON writes a confidence of 1.0 as 1. */
export function metadataJson(metadata: RecordMetadata): string {
  const fields = Object.entries(metadata).map(([key, value]) => {
    const isWholeFloat = FLOAT_KEYS.has(key) && Number.isSafeInteger(value);
    return `${JSON.stringify(key)}:${isWholeFloat ? `${value}.0` : JSON.stringify(value)}`;
  });
  return `{${fields.join(',')}}`;
}
