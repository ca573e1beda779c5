import { z } from 'zod';
import type { RecordMetadata } from './delta';

/** Why foreign metadata lost its record. */
export const replacedReasonSchema = z.enum([
  /** The record of this id has another text now. */
  'text-changed',
  /** No record has this id any more. */
  'record-gone',
  /** The record is the same, and the writer that replaced it gave the key another value, or none. */
  'value-changed',
]);
export type ReplacedReason = z.infer<typeof replacedReasonSchema>;

/**
 * One line of `{collection}/replaced/{run_id}.ndjson`: the foreign metadata that a record lost. Numbers stand there as
 * Chroma wrote them, so that a float stays one: `1.0`.
 */
export const replacedRecordSchema = z.object({
  id: z.string(),
  /** The text before; null where the record had none. */
  document: z.string().nullable(),
  metadata: z.custom<RecordMetadata>((value) => typeof value === 'object' && value !== null),
  why: replacedReasonSchema,
});

export type ReplacedRecord = Readonly<z.infer<typeof replacedRecordSchema>>;
