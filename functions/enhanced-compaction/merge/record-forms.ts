import type { Collection } from '../../../contracts/collections';
import {
  addTallies,
  NO_RECORDS,
  olderRecords,
  type RecordTally,
  tallyRecords,
} from '../../../contracts/record-form';
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
export function warnOfOldForms(collection: Collection, tally: RecordTally, { logger }: Telemetry): void {
  const { forms, labels } = tally;
  const older = olderRecords(collection, tally);
  if (older === 0) return;
  const records = Object.values(forms).reduce((sum, count) => sum + count, 0);
  logger.warn(
    'A collection holds records of older forms, which filters and searches do not find alike. Drop the OCR results of their receipts again to replace them',
    { collection, records, older, forms, labels },
  );
}
