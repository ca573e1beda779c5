import { isDeepStrictEqual } from 'node:util';
import { type MetadataChange, namedRecords, writtenValue } from '../../../contracts/annotation';
import type { Collection } from '../../../contracts/collections';
import type { Delta, RecordMetadata } from '../../../contracts/delta';
import { freshValue } from '../../../contracts/metadata-keys';
import { receiptOf, recordName } from '../../../contracts/record-id';
import { parseAnnotation } from '../../shared/annotation';
import type { WarningTelemetry } from '../../shared/logging';
import { withFloats } from '../../shared/written-numbers';
import type { ChromaCollection, MetadataUpdate, StoredMetadata, StoredRecord } from '../chroma/collection';
import { BeyondLimits, excessOf } from '../chroma/record-limits';
import { addCensus, type Census, censusOf } from './census';
import { MergeNotProven } from './merge-not-proven';
import { type MergeCounts, NO_CHANGE } from './merge-receipts';
import { prefixOf, storedRecordsOf } from './stored-records';

/**
 * Puts annotations on the records that are there; vectors, texts and the pipeline's own metadata stay as they are. A
 * record that has what it is to have is not touched. One that is not there is none of a merge's business: it is counted
 * in the log, and the annotation has another run when its receipt comes. Then proves what was written.
 *
 * @param deltas - annotations of one collection in order of their creation; of one receipt there may be several.
 * @throws {BeyondLimits} when a record would have more than its Chroma takes; then nothing is written.
 * @throws {MergeNotProven} when the collection does not hold what was written: it must be thrown away.
 */
export async function annotateRecords(
  chroma: ChromaCollection,
  deltas: readonly Delta[],
  { logger }: WarningTelemetry,
): Promise<MergeCounts> {
  const said = deltas.map(annotationOf);
  const ids = said.flatMap(({ records }) => [...records.keys()]);
  const stored = await storedRecordsOf(
    chroma,
    said.map(({ header }) => header),
    ids,
  );
  const touched = new Map<string, { readonly before: StoredRecord; readonly change: MetadataChange }>();
  for (const { header, receipt, records } of said) {
    const waiting = new Set(records.keys());
    for (const before of stored.get(prefixOf(header))?.values() ?? []) {
      const name = recordName(before.id);
      waiting.delete(name);
      const change = { ...touched.get(before.id)?.change, ...receipt, ...records.get(name) };
      touched.set(before.id, { before, change });
    }
    if (waiting.size === 0) continue;
    logger.warn(
      'An annotation names records that are not there; it is put on them when their receipt comes',
      {
        collection: header.collection,
        run_id: header.run_id,
        records: waiting.size,
      },
    );
  }
  const [first] = said;
  if (first === undefined) return NO_CHANGE;
  const { collection } = first.header;
  const changed = [...touched.values()].flatMap(
    ({ before, change }) => changeOf(collection, before, change) ?? [],
  );
  if (changed.length === 0) return NO_CHANGE;
  for (const each of changed) refuseExcess(chroma, each);
  await chroma.updateMetadata(changed);
  await prove(chroma, changed);
  return { ...NO_CHANGE, replaced: changed.length, census: censusChange(collection, changed) };
}

/** What a delta says, by the ids of records. */
function annotationOf({ header }: Delta) {
  const annotation = parseAnnotation(header.annotation ?? '');
  const records = namedRecords(annotation, header.collection, receiptOf(header));
  return { header, receipt: annotation.receipt, records };
}

interface Changed extends MetadataUpdate {
  readonly before: RecordMetadata;
}

/**
 * What has to be written for a record to have what it is to have; undefined when it has that. What is taken away of a
 * key that every record of the collection has, such as the state of its labels, is what a fresh one says there.
 */
function changeOf(
  collection: Collection,
  { id, metadata: before }: StoredRecord,
  change: MetadataChange,
): Changed | undefined {
  const wanted = Object.entries(withFloats(change)).map(
    ([key, value]) => [key, value ?? freshValue(collection, key) ?? null] as const,
  );
  const wrong = wanted.filter(([key, value]) =>
    value === null ? Object.hasOwn(before, key) : !isSame(writtenValue(before[key]), value),
  );
  return wrong.length === 0 ? undefined : { id, metadata: Object.fromEntries(wrong), before };
}

/** What takes away, or changes, and adds nothing, may always be said. */
function refuseExcess({ recordLimits }: ChromaCollection, change: Changed): void {
  if (recordLimits === undefined) return;
  const after = afterOf(change);
  const isMore = Object.keys(after.metadata).length > Object.keys(change.before).length;
  const excess = isMore ? excessOf(recordLimits, after) : undefined;
  if (excess === undefined) return;
  throw new BeyondLimits(
    `The annotation would leave ${excess}. Take others away in it (null) and put it there again, or set chroma.mode ` +
      'to "server".',
  );
}

/** A record's metadata once a change is written. */
const afterOf = ({ id, before, metadata }: Changed): StoredMetadata => ({
  id,
  metadata: Object.fromEntries(
    Object.entries({ ...before, ...metadata }).flatMap(([key, value]) =>
      value === null ? [] : [[key, value]],
    ),
  ),
});

/** Chroma's reader of JSON may miss a fraction by its last bits. */
function isSame(stored: unknown, value: unknown): boolean {
  if (Array.isArray(stored) && Array.isArray(value)) {
    return stored.length === value.length && stored.every((item, index) => isSame(item, value[index]));
  }
  if (typeof stored === 'number' && typeof value === 'number' && !Number.isInteger(value)) {
    return Math.abs(stored - value) <= 4 * Number.EPSILON * Math.abs(value);
  }
  return isDeepStrictEqual(stored, value);
}

/** By how much the forms of the labels change; texts and content hashes do not. */
function censusChange(collection: Collection, changed: readonly Changed[]): Census {
  const after = changed.map(afterOf);
  const earlier = changed.map(({ id, before: metadata }) => ({ id, metadata }));
  return addCensus(censusOf(collection, after), censusOf(collection, earlier), -1);
}

/** Keys alone count: on a server, another program may write a label meanwhile. */
async function prove(chroma: ChromaCollection, changed: readonly Changed[]): Promise<void> {
  const stored = new Map(
    (await chroma.byIds(changed.map(({ id }) => id))).map((each) => [each.id, each.metadata]),
  );
  const wrong = changed.find(({ id, metadata }) => {
    const now = stored.get(id);
    return (
      now === undefined ||
      Object.entries(metadata).some(([key, value]) => Object.hasOwn(now, key) !== (value !== null))
    );
  });
  if (wrong === undefined) return;
  throw new MergeNotProven(`The collection ${chroma.name} does not hold what was written on ${wrong.id}.`);
}
