import type { CollectionEvidence } from '../../../contracts/migrate-buckets/authority';
import { CURRENT_FORMS, olderRecords } from '../../../contracts/record-form';
import { counted } from '../../shared/counted';

/** What is said of the forms of a collection's records. */
export interface RecordFormsText {
  /** Each form with its share, the largest first; the generations of labels after them. */
  readonly shares: string;
  /** What older forms mean, and what to do. */
  readonly warning: string | undefined;
}

/** @returns undefined where the snapshot was not looked at, or holds no record. */
export function describeRecordForms({
  collection,
  records,
  record_forms: tally,
}: CollectionEvidence): RecordFormsText | undefined {
  if (!tally || records === null || records === 0) return undefined;
  const seen = Object.values(tally.forms).reduce((sum, count) => sum + count, 0);
  const byCount = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts).sort(([, a], [, b]) => b - a);
  const forms = byCount(tally.forms).map(([form, count]) => `${form} ${share(count, seen)} (${count})`);
  const unseen = records > seen ? [`${records - seen} in the log alone, not looked at`] : [];
  const labels = byCount(tally.labels).map(([generation, count]) => `${generation} ${count}`);
  const older = olderRecords(collection, tally);
  return {
    shares: [...forms, ...unseen].join(', ') + (labels.length === 0 ? '' : `; labels: ${labels.join(', ')}`),
    warning:
      older === 0
        ? undefined
        : `${counted(older, 'record')} of ${collection} ${older === 1 ? 'has' : 'have'} an older form than "${CURRENT_FORMS[collection]}": searches and filters do not find old and new alike. The collection goes on working; after the migration, drop the OCR results of their receipts again to make it one form.`,
  };
}

/** What is there is never called nothing. */
function share(count: number, all: number): string {
  const percent = (100 * count) / all;
  return percent < 0.1 ? '< 0.1 %' : `${percent.toFixed(percent < 100 && percent > 99.9 ? 2 : 1)} %`;
}
