import { z } from 'zod';
import type { Collection } from './collections';
import type { RecordMetadata } from './delta';

/**
 * The forms in which records were written into one and the same collection over time, by the signs that their
 * metadata keeps (RECORDS section 6): there is no version anywhere.
 *
 * - `row`: one for a visual row, since 2026-01-22 and by this pipeline in text format 2.
 * - `line`: one for a line, up to 2026-01-22: another text than a row's, embedded plain or as `<TARGET>`. Beside rows
 *   often a left-over: the ids of lines that are not the first of their row were never deleted.
 * - `word`: what words are since 2025-11-28. Their text's form cannot be told from metadata.
 * - `text-ids`: the uploads up to 2025-12-16, whose `receipt_id` is text and which name their `embedding_type`.
 * - `bare`: those of October 2025 among them, which have no geometry.
 * - `realtime`: the `<TARGET>` texts of the realtime writer up to September 2025.
 * - `format-1`: this pipeline's own, before it knew the old form.
 * - `unknown`: none of these.
 */
export type RecordForm = 'row' | 'line' | 'word' | 'text-ids' | 'bare' | 'realtime' | 'format-1' | 'unknown';

/**
 * How a record's labels were written, which tells when one was changed last, and nothing of the embedding: as arrays
 * (since 2026-02-14), as `label_{NAME}` flags, as texts in `valid_labels`, or in `validated_labels` (to 2025-11-28).
 */
export type LabelGeneration = 'arrays' | 'flags' | 'valid-text' | 'validated-text';

const BARE_KEYS: ReadonlySet<string> = new Set([
  'image_id',
  'receipt_id',
  'line_id',
  'word_id',
  'embedding_type',
  'text',
  'merchant_name',
]);
const REALTIME_SOURCES: ReadonlySet<unknown> = new Set([
  'openai_line_embedding_realtime',
  'openai_embedding_realtime',
]);

/** The form of a record. Keys of an older form survive on a newer record, so the sign of the newest one decides. */
export function recordForm(collection: Collection, metadata: RecordMetadata): RecordForm {
  const has = (key: string): boolean => metadata[key] !== undefined;
  if (collection === 'lines' && has('row_line_ids')) return 'row';
  const isRealtime = REALTIME_SOURCES.has(metadata.source);
  const isUpload = typeof metadata.receipt_id === 'string' || has('embedding_type');
  // `section` is anybody's key: on a word with all that today's words have it is what somebody has said of it.
  const isWhole = has('source') && has('left') && has('label_status') && !isRealtime && !isUpload;
  if (collection === 'words' && isWhole) return 'word';
  if (isRealtime || has('word_count') || has('section')) return 'realtime';
  if (isUpload) {
    return Object.keys(metadata).every((key) => BARE_KEYS.has(key)) ? 'bare' : 'text-ids';
  }
  if (has('source')) return collection === 'lines' ? 'line' : 'word';
  return has('angle_degrees') ? 'format-1' : 'unknown';
}

/** `label_status` and the like tell of labels, but are none. */
const FLAG = /^label_(?!status$|confidence$|proposed_by$|validated_at$)./;

/** The generation of a record's labels, the newest where several are there; undefined when it has none. */
export function labelGeneration(metadata: RecordMetadata): LabelGeneration | undefined {
  const has = (key: string): boolean => metadata[key] !== undefined;
  if (has('valid_labels_array') || has('invalid_labels_array')) return 'arrays';
  if (Object.keys(metadata).some((key) => FLAG.test(key) && typeof metadata[key] === 'boolean'))
    return 'flags';
  if (has('valid_labels')) return 'valid-text';
  if (has('validated_labels')) return 'validated-text';
  // Both generations wrote this key; alone it does not tell which.
  return has('invalid_labels') ? 'valid-text' : undefined;
}

/** How many records have each form, and how many each generation of labels. Names that are absent stand for 0. */
export const recordTallySchema = z.object({
  forms: z.record(z.string(), z.int()),
  labels: z.record(z.string(), z.int()),
});
export type RecordTally = z.infer<typeof recordTallySchema>;

/** The form that records of each collection are written in today. */
export const CURRENT_FORMS = { lines: 'row', words: 'word' } as const satisfies Record<
  Collection,
  RecordForm
>;

/** How many records have another form than today's: searches and filters do not find old and new alike. */
export const olderRecords = (collection: Collection, { forms }: RecordTally): number =>
  Object.entries(forms).reduce(
    (sum, [form, count]) => sum + (form === CURRENT_FORMS[collection] ? 0 : count),
    0,
  );

/** How many records were counted. */
export const talliedRecords = ({ forms }: RecordTally): number =>
  Object.values(forms).reduce((sum, count) => sum + count, 0);

export const NO_RECORDS: RecordTally = { forms: {}, labels: {} };

/** Counts records by what their metadata tells. */
export function tallyRecords(collection: Collection, records: Iterable<RecordMetadata>): RecordTally {
  const forms: Record<string, number> = {};
  const labels: Record<string, number> = {};
  for (const metadata of records) {
    const form = recordForm(collection, metadata);
    forms[form] = (forms[form] ?? 0) + 1;
    const generation = labelGeneration(metadata);
    if (generation !== undefined) labels[generation] = (labels[generation] ?? 0) + 1;
  }
  return { forms, labels };
}

/** The sum of two tallies, or with `times` -1 their difference. What comes out as 0 is left out. */
export function addTallies(one: RecordTally, other: RecordTally, times: 1 | -1 = 1): RecordTally {
  const sum = (a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>) => {
    const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
    const all = names.map((name) => [name, (a[name] ?? 0) + times * (b[name] ?? 0)] as const);
    return Object.fromEntries(all.filter(([, count]) => count !== 0));
  };
  return { forms: sum(one.forms, other.forms), labels: sum(one.labels, other.labels) };
}
