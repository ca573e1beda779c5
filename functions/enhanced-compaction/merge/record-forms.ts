import type { Collection } from '../../../contracts/collections';
import { addTallies, NO_RECORDS, type RecordTally, tallyRecords } from '../../../contracts/record-form';
import type { Telemetry } from '../../shared/logging';
import type { ChromaCollection } from '../chroma/collection';

/** What a remote server gives at once. */
const RECORDS_PER_PAGE = 300;

/** Looks at all records of a collection and counts their forms. */
export async function countRecordForms(
  collection: Collection,
  { metadataPage }: Pick<ChromaCollection, 'metadataPage'>,
): Promise<RecordTally> {
  let tally = NO_RECORDS;
  for (let offset = 0; ; offset += RECORDS_PER_PAGE) {
    const page = await metadataPage(offset, RECORDS_PER_PAGE);
    tally = addTallies(tally, tallyRecords(collection, page));
    if (page.length < RECORDS_PER_PAGE) return tally;
  }
}

/** Says, with figures, that a collection holds records of more forms than the pipeline writes. */
export function warnOfOldForms(
  collection: Collection,
  { forms, labels }: RecordTally,
  { logger }: Telemetry,
): void {
  const records = Object.values(forms).reduce((sum, count) => sum + count, 0);
  const current = forms[collection === 'lines' ? 'row' : 'word'] ?? 0;
  if (current === records) return;
  logger.warn(
    'A collection holds records of older forms, which filters and searches do not find alike. Drop the OCR results of their receipts again to replace them',
    { collection, records, older: records - current, forms, labels },
  );
}
