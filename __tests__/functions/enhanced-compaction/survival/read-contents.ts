import type { Collection } from '../../../../contracts/collections';
import {
  type ChromaCollection,
  openChromaCollection,
} from '../../../../functions/enhanced-compaction/chroma/collection';
import { chromaDatabase } from '../../../../functions/enhanced-compaction/chroma/database';
import {
  openPublishedCollection,
  type PublishedSource,
} from '../../../../functions/enhanced-compaction/open-published';
import { messageOf } from '../../../../functions/shared/logging';
import type { FoundRecord, Remains } from './judge';

type Readable = Pick<ChromaCollection, 'count' | 'page' | 'nearest'>;

/**
 * All that a collection holds: as it is published and as S3 alone gives it, or as the server has it. Where it cannot be
 * read, why.
 *
 * @param nowhere - a folder that is not there: a file system that is lost.
 */
export async function readContents(
  collection: Collection,
  source: PublishedSource,
  server: { readonly url: string; readonly database: string } | undefined,
  nowhere: string,
): Promise<Remains['contents']> {
  if (server !== undefined) {
    const chroma = async () => {
      const found = await openChromaCollection(chromaDatabase(server), collection);
      if (found === undefined) throw new Error('The server has no such collection.');
      return { ...found, close: async () => {} };
    };
    return { server: await contentOf(chroma) };
  }
  return {
    published: await contentOf(() => openPublishedCollection(collection, source)),
    'S3 alone': await contentOf(() => openPublishedCollection(collection, { ...source, mountPath: nowhere })),
  };
}

async function contentOf(open: () => Promise<Readable & { close(): Promise<void> }>) {
  try {
    const chroma = await open();
    try {
      return { count: await chroma.count(), records: await recordsIn(chroma) };
    } finally {
      await chroma.close();
    }
  } catch (error) {
    return `It cannot be read: ${messageOf(error)}`;
  }
}

async function recordsIn({ page, nearest }: Readable): Promise<FoundRecord[]> {
  const records = await page(0, 100_000);
  const found = await nearest(
    records.map(({ embedding }) => embedding),
    1,
  );
  return records.map((record, index) => ({ ...record, distance: found[index]?.[0]?.distance }));
}
