import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { ocrKey } from '../../contracts/bucket-layout';
import { COLLECTIONS, type Collection } from '../../contracts/collections';
import { parseRecordId } from '../../contracts/record-id';
import { type ExactRecord, pagesOf } from '../../functions/enhanced-compaction/chroma/collection';
import {
  openPublishedCollection,
  type PublishedSource,
} from '../../functions/enhanced-compaction/open-published';
import { oldReceipts } from '../old-system/old-receipts';
import type { LocalPipeline } from '../pipeline/local-pipeline';
import { layOut, turned } from '../receipts/lay-out';
import { visionResult } from '../receipts/ocr-results';
import { finalRuns } from './ingestion';
import type { Story } from './story';

/** Takes the file system and the warm function away between two receipts: what S3 and the table have is enough. */
export const loseFileSystem = (
  story: Story,
  source: PublishedSource,
  pipeline: LocalPipeline,
  signal: AbortSignal,
): Promise<void> =>
  story.step('The file system is lost', async (step) => {
    const { s3, bucket, table } = source;
    const before = await everything(source);
    await pipeline.pauseConsumers();
    await pipeline.runtimes.get('enhanced-compaction')?.kill();
    const lost = await readdir(pipeline.mountPath);
    for (const name of lost) await rm(join(pipeline.mountPath, name), { recursive: true });
    pipeline.resumeConsumers();
    step.say(`${lost.join(' and ')} are removed from the file system, and the compaction starts cold.`);

    const [receipt] = oldReceipts(2, 1).map((old) => ({ ...old, name: 'one more receipt' }));
    if (receipt === undefined) throw new Error('The old system had one receipt.');
    const paper = receipt.lines.map((text) => [text]);
    await s3.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: ocrKey(receipt),
        Body: JSON.stringify(visionResult(layOut(paper, turned(0.6)))),
      }),
    );
    const [run] = await finalRuns(table, [receipt], signal);
    step.check(
      'A receipt that comes without the file system is merged',
      COLLECTIONS.every((each) => run?.[each].state === 'COMPLETED'),
      COLLECTIONS.map((each) => `${each} ${run?.[each].state}`).join(', '),
    );
    const after = await everything(source);
    const others = [...before].filter(([, { id }]) => parseRecordId(id)?.imageId !== receipt.imageId);
    const same = others.filter(([name, record]) => isDeepStrictEqual(after.get(name), record));
    step.check(
      'Every other record is there as it was: id, text, metadata and vector',
      same.length === others.length,
      `${same.length} of ${others.length} records`,
    );
  });

/** Every published record, by its collection and id. */
async function everything(source: PublishedSource): Promise<Map<string, ExactRecord>> {
  const all = new Map<string, ExactRecord>();
  for (const each of COLLECTIONS) await readInto(all, each, source);
  return all;
}

async function readInto(all: Map<string, ExactRecord>, name: Collection, source: PublishedSource) {
  const collection = await openPublishedCollection(name, source);
  try {
    for await (const page of pagesOf(collection))
      for (const record of page) all.set(`${name} ${record.id}`, record);
  } finally {
    await collection.close();
  }
}
