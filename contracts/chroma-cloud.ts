/** What a Chroma takes of one record. Bytes are of UTF-8. */
export interface RecordLimits {
  readonly idBytes: number;
  readonly documentBytes: number;
  /** Keys of its metadata, {@link CONTENT_HASH_KEY} among them. */
  readonly metadataKeys: number;
  readonly keyBytes: number;
  /** Of a text; a list's texts are each of them. */
  readonly valueBytes: number;
}

/**
 * Chroma Cloud's documented quotas of a record (https://docs.trychroma.com/cloud/quotas-limits, as of 2026-11). A server
 * of one's own has none of them.
 */
export const CHROMA_CLOUD_LIMITS: RecordLimits = {
  idBytes: 128,
  documentBytes: 16_384,
  metadataKeys: 32,
  keyBytes: 36,
  valueBytes: 4_096,
};
