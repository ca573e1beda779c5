import { parseRecordId } from '../../../contracts/record-id';
import { type ChromaCollection, type MetadataUpdate, metadataOf } from '../chroma/collection';

/**
 * Writes into the metadata of each record which image it is of, where an old writer said nothing of it or something
 * else. Its id tells it, but Chroma finds no ids by their beginning: without this the lines that a receipt has no more
 * could never be found.
 *
 * @returns on how many records.
 */
export async function nameImages(
  chroma: Pick<ChromaCollection, 'metadataPage' | 'updateMetadata'>,
): Promise<number> {
  const named: MetadataUpdate[] = [];
  for await (const page of metadataOf(chroma)) {
    for (const { id, metadata } of page) {
      const image = parseRecordId(id)?.imageId;
      if (image === undefined || String(metadata.image_id).toLowerCase() === image) continue;
      named.push({ id, metadata: { image_id: image } });
    }
  }
  if (named.length > 0) await chroma.updateMetadata(named);
  return named.length;
}
