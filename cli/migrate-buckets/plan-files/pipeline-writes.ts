import { z } from 'zod';
import { deltaPrefix, snapshotPointerKey } from '../../../contracts/bucket-layout';
import { COLLECTIONS } from '../../../contracts/collections';
import type { ListedObject } from '../listing/listed-object';
import { fileLines, LineWriter } from './plan-file';

const pipelineWriteSchema = z.object({ key: z.string(), etag: z.string() });
type PipelineWrite = z.infer<typeof pipelineWriteSchema>;

/** What only the new pipeline writes: a delta in its own form, and the pointer of a checkpoint. */
export const isPipelineWrite = ({ key }: { readonly key: string }): boolean =>
  COLLECTIONS.some(
    (collection) =>
      key === snapshotPointerKey(collection) ||
      (key.startsWith(deltaPrefix(collection)) && key.endsWith('/delta.arrow')),
  );

/**
 * Passes a listing of the destination through and keeps what the pipeline may have written: with it a later
 * listing shows what came since, by ETags and whatever any clock says. A pointer that apply itself copied is among
 * it, and so is never taken for a sign of life.
 */
export async function* recordPipelineWrites(
  listing: AsyncIterable<ListedObject>,
  path: string,
): AsyncGenerator<ListedObject> {
  const file = new LineWriter(path);
  try {
    for await (const object of listing) {
      const { key, etag } = object;
      if (isPipelineWrite(object)) await file.write(`${JSON.stringify({ key, etag })}\n`);
      yield object;
    }
    await file.finish();
  } finally {
    await file.abandon();
  }
}

/** Reads back what {@link recordPipelineWrites} kept, in key order. */
export async function* readPipelineWrites(path: string): AsyncGenerator<PipelineWrite> {
  for await (const line of fileLines(path, 'record of what the pipeline wrote')) {
    yield pipelineWriteSchema.parse(JSON.parse(line));
  }
}
