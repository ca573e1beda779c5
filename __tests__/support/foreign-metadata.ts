import { replacedPrefix } from '../../contracts/bucket-layout';
import type { RecordMetadata } from '../../contracts/delta';
import { foreignMetadata } from '../../contracts/metadata-keys';
import { replacedRecordSchema } from '../../contracts/replaced-record';
import { pagesOf } from '../../functions/enhanced-compaction/chroma/collection';
import { openPublishedCollection } from '../../functions/enhanced-compaction/open-published';
import { listKeys } from '../../functions/enhanced-compaction/snapshot/locate';
import { readObject } from '../../functions/shared/read-object';
import { parseExactly } from '../../functions/shared/written-numbers';
import type { World } from './compaction-harness';

/** The published records by id: their metadata, with its numbers as Chroma wrote them. */
export async function exactMetadata(world: World): Promise<Map<string, RecordMetadata>> {
  const collection = await openPublishedCollection('lines', world);
  try {
    const all = new Map<string, RecordMetadata>();
    for await (const page of pagesOf(collection)) for (const { id, metadata } of page) all.set(id, metadata);
    return all;
  } finally {
    await collection.close();
  }
}

/** The lines of one object below `lines/replaced/`, or of all. */
export async function replacedLines({ s3, bucket }: Pick<World, 's3' | 'bucket'>, key?: string) {
  const keys = key === undefined ? await listKeys(s3, bucket, replacedPrefix('lines')) : [key];
  const bodies = await Promise.all(keys.map((each) => readObject(s3, bucket, each)));
  return bodies.flatMap((body) =>
    (body?.bytes.toString().split('\n').slice(0, -1) ?? []).map((line) =>
      replacedRecordSchema.parse(parseExactly(line)),
    ),
  );
}

/** A record's id, a foreign key and its value, as one text. */
export const claimsOf = (id: string, metadata: RecordMetadata): string[] =>
  Object.entries(foreignMetadata(metadata)).map(([key, value]) => JSON.stringify([id, key, value]));
