import { CONTENT_HASH_KEY, contentHash, type HashedRecord } from '../../../contracts/delta';
import { idSpellings, parseRecordId, receiptIdPrefix } from '../../../contracts/record-id';
import type { ReplacedRecord } from '../../../contracts/replaced-record';
import { type ChromaCollection, type ExactRecord, pagesOf, type StoredRecord } from '../chroma/collection';
import { replacedRecord } from '../merge/replacement';

/**
 * Adds to a collection the receipts of another one that it has no record of. Receipts that both have stay as they are.
 *
 * @returns the foreign metadata of the other collection that did not come along: of its form of receipts that both have.
 */
export async function keepMissingReceipts(
  from: ChromaCollection,
  into: ChromaCollection,
): Promise<ReplacedRecord[]> {
  const replaced: ReplacedRecord[] = [];
  // A receipt may go over the edge of a page: what the page before decided about it counts.
  const missing = new Map<string, boolean>();
  for await (const page of pagesOf(from)) {
    const images = new Set(page.flatMap(({ id }) => parseRecordId(id)?.imageId ?? []));
    const ids = [...new Set(page.flatMap(({ id }) => idSpellings(id)))];
    const stored = [...(await into.byImages([...images])), ...(await into.byIds(ids))];
    const present = new Set(stored.map(({ id }) => receiptOf(id)));
    for (const { id } of page) {
      const receipt = receiptOf(id);
      if (!missing.has(receipt)) missing.set(receipt, !present.has(receipt));
    }
    const isMissing = ({ id }: ExactRecord) => missing.get(receiptOf(id)) === true;
    await into.add(page.filter(isMissing).map(asHashedRecord));
    const known = new Map(stored.map((record) => [record.id, record]));
    for (const record of page.filter((each) => !isMissing(each))) {
      const spelled = idSpellings(record.id).find((id) => known.has(id));
      const loss = lossBetween(record, known.get(spelled ?? record.id));
      if (loss !== undefined) replaced.push(loss);
    }
  }
  return replaced;
}

/** What a record loses of its foreign metadata where another writer's form of it counts. */
function lossBetween(record: ExactRecord, now: StoredRecord | undefined): ReplacedRecord | undefined {
  if (now === undefined) return replacedRecord(record, {}, 'record-gone');
  const why = (now.document ?? '') === (record.document ?? '') ? 'value-changed' : 'text-changed';
  return replacedRecord(record, now.metadata, why);
}

/** An id of another form is a receipt of its own. */
function receiptOf(id: string): string {
  const reference = parseRecordId(id);
  return reference === undefined ? id : receiptIdPrefix(reference);
}

/** A record as it is written; an old one without a content hash gets its own. */
export function asHashedRecord({ id, document, metadata: stored, embedding }: ExactRecord): HashedRecord {
  const { [CONTENT_HASH_KEY]: hash, ...metadata } = stored;
  const content = { document: document ?? '', metadata, embedding };
  return { id, ...content, contentHash: typeof hash === 'string' ? hash : contentHash(content) };
}
