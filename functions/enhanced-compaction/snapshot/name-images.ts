import { parseRecordId } from '../../../contracts/record-id';
import type { ChromaCollection, MetadataUpdate } from '../chroma/collection';

/** What a remote server gives at once. */
const RECORDS_PER_PAGE = 300;

/**
 * Writes into the metadata of each record which image it is of, where an old writer said nothing of it or something else. Its id tells it, but
 * Chroma finds no ids by their beginning: without this the lines that a receipt has no more could never be found.
 *
 * @returns on how many records.
 */
export async function nameImages({
  metadataPage,
  updateMetadata,
}: Pick<ChromaCollection, 'metadataPage' | 'updateMetadata'>): Promise<number> {
  const named: MetadataUpdate[] = [];
  for (let offset = 0; ; offset += RECORDS_PER_PAGE) {
    const page = await metadataPage(offset, RECORDS_PER_PAGE);
    for (const { id, metadata } of page) {
      const image = parseRecordId(id)?.imageId;
      if (image === undefined || String(metadata.image_id).toLowerCase() === image) continue;
      named.push({ id, metadata: { image_id: image } });
    }
    if (page.length < RECORDS_PER_PAGE) break;
  }
  if (named.length > 0) await updateMetadata(named);
  return named.length;
}
