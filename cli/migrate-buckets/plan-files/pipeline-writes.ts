import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
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

/** SHA-256 over what was kept, by which an altered file is noticed; undefined where there is none. */
export async function pipelineDigest(path: string): Promise<string | undefined> {
  if (!existsSync(path)) return undefined;
  const hash = createHash('sha256');
  for await (const line of fileLines(path, WHAT)) hash.update(`${line}\n`);
  return hash.digest('hex');
}

const WHAT = 'record of what the pipeline wrote';

/** Reads back what {@link recordPipelineWrites} kept, in key order. */
export async function* readPipelineWrites(path: string): AsyncGenerator<PipelineWrite> {
  for await (const line of fileLines(path, WHAT)) {
    yield pipelineWriteSchema.parse(JSON.parse(line));
  }
}
