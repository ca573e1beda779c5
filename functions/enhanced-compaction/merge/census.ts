import type { VersionManifest } from '../../../contracts/collection-pointer';
import type { Collection } from '../../../contracts/collections';
import {
  addDigests,
  type ContentDigest,
  digestRecords,
  EMPTY_DIGEST,
} from '../../../contracts/content-digest';
import { CONTENT_HASH_KEY } from '../../../contracts/delta';
import {
  addTallies,
  NO_RECORDS,
  olderRecords,
  type RecordTally,
  talliedRecords,
  tallyRecords,
} from '../../../contracts/record-form';
import type { Telemetry } from '../../shared/logging';
import { type ChromaCollection, metadataOf, type StoredMetadata } from '../chroma/collection';

/** What is known of all records of a collection without looking at them again: a merge adds by how much it changes. */
export interface Census {
  readonly tally: RecordTally;
  readonly digest: ContentDigest;
}

export const NO_CENSUS: Census = { tally: NO_RECORDS, digest: EMPTY_DIGEST };

/** @param sign - -1 takes the second away from the first. */
export const addCensus = (a: Census, b: Census, sign: 1 | -1 = 1): Census => ({
  tally: addTallies(a.tally, b.tally, sign),
  digest: addDigests(a.digest, b.digest, sign),
});

export const censusOf = (collection: Collection, records: readonly StoredMetadata[]): Census => ({
  tally: tallyRecords(
    collection,
    records.map(({ metadata }) => metadata),
  ),
  digest: digestRecords(records.map(({ id, metadata }) => ({ id, contentHash: metadata[CONTENT_HASH_KEY] }))),
});

/** What a published version knows of its records; undefined in versions of before it was counted. */
export function knownCensus({ record_tally: tally, digest }: VersionManifest): Census | undefined {
  return tally === undefined || digest === undefined ? undefined : { tally, digest };
}

/** Looks at all records of a collection. */
export async function takeCensus(
  collection: Collection,
  chroma: Pick<ChromaCollection, 'metadataPage'>,
): Promise<Census> {
  let census = NO_CENSUS;
  for await (const page of metadataOf(chroma)) census = addCensus(census, censusOf(collection, page));
  return census;
}

/** Says, with figures, that a collection holds records of more forms than the pipeline writes. */
export function warnOfOldForms(collection: Collection, tally: RecordTally, { logger }: Telemetry): void {
  const { forms, labels } = tally;
  const older = olderRecords(collection, tally);
  if (older === 0) return;
  const records = talliedRecords(tally);
  logger.warn(
    'A collection holds records of older forms, which filters and searches do not find alike. Drop the OCR results of their receipts again to replace them',
    { collection, records, older, forms, labels },
  );
}
