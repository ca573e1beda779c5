import { CONTENT_HASH_KEY, contentHash, type HashedRecord } from '../../../contracts/delta';
import { parseRecordId, receiptIdPrefix } from '../../../contracts/record-id';
import { type ChromaCollection, type CompleteRecord, pagesOf } from '../chroma/collection';

/** Adds to a collection the receipts of another one that it has no record of. Receipts that both have stay as they are. */
export async function keepMissingReceipts(from: ChromaCollection, into: ChromaCollection): Promise<void> {
  // A receipt may go over the edge of a page: what the page before decided about it counts.
  const missing = new Map<string, boolean>();
  for await (const page of pagesOf(from)) {
    const images = new Set(page.flatMap(({ id }) => parseRecordId(id)?.imageId ?? []));
    const stored = [...(await into.byImages([...images])), ...(await into.byIds(page.map(({ id }) => id)))];
    const present = new Set(stored.map(({ id }) => receiptOf(id)));
    for (const { id } of page) {
      const receipt = receiptOf(id);
      if (!missing.has(receipt)) missing.set(receipt, !present.has(receipt));
    }
    await into.add(page.filter(({ id }) => missing.get(receiptOf(id))).map(asHashedRecord));
  }
}

/** An id of another form is a receipt of its own. */
function receiptOf(id: string): string {
  const reference = parseRecordId(id);
  return reference === undefined ? id : receiptIdPrefix(reference);
}

/** A record as it is written; an old one without a content hash gets its own. */
export function asHashedRecord({ id, document, metadata: stored, embedding }: CompleteRecord): HashedRecord {
  const { [CONTENT_HASH_KEY]: hash, ...metadata } = stored;
  const content = { document, metadata, embedding };
  return { id, ...content, contentHash: typeof hash === 'string' ? hash : contentHash(content) };
}
