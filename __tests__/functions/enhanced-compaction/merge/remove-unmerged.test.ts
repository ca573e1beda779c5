import { randomUUID } from 'node:crypto';
import { deltaKey } from '../../../../contracts/bucket-layout';
import type { CompactionRun, RunState } from '../../../../contracts/compaction-run';
import type { HashedRecord } from '../../../../contracts/delta';
import { recordId } from '../../../../contracts/record-id';
import {
  type ChromaCollection,
  createChromaCollection,
} from '../../../../functions/enhanced-compaction/chroma/collection';
import { chromaDatabase } from '../../../../functions/enhanced-compaction/chroma/database';
import { removeUnmerged } from '../../../../functions/enhanced-compaction/merge/remove-unmerged';
import { encodeDelta } from '../../../../functions/shared/delta-file';
import { createDatabase, useChromaServer } from '../../../support/chroma-server';
import { makeDelta, type ReceiptSpec, useCompactionHarness } from '../../../support/compaction-harness';
import { runOfLines } from '../../../support/runs';

const world = useCompactionHarness();
const server = useChromaServer();
const receipt = { imageId: randomUUID(), receiptId: 1 };
let lines: ChromaCollection;
beforeEach(async () => {
  const database = chromaDatabase({ url: server.url, database: await createDatabase(server.url) });
  lines = await createChromaCollection(database, 'lines', 'l2');
});

/** A run in a state, its delta in the bucket and as many of its records on the server. */
async function written(state: RunState, texts: readonly string[], more: Partial<ReceiptSpec> = {}) {
  const delta = makeDelta({ ...receipt, texts, ...more });
  const bytes = encodeDelta(delta);
  await world.put(deltaKey('lines', delta.header.run_id), bytes);
  const run = runOfLines(delta.header, bytes);
  await lines.add(delta.records);
  return { run: { ...run, lines: { ...run.lines, state } }, records: delta.records };
}
const clear = (...known: CompactionRun[]) => removeUnmerged(lines, receipt, known, 'lines', world);
const documents = async () => (await lines.page(0, 100)).map(({ document }) => document).sort();

describe('What was written of a receipt of which nothing was merged', () => {
  it.each(['PENDING', 'PROCESSING', 'FAILED'] as const)('goes, where its run is %s', async (state) => {
    const { run } = await written(state, ['A', 'B']);
    await clear(run);
    expect(await documents()).toEqual([]);
  });

  it('goes, though it is of several runs, of which the delta of one is gone', async () => {
    const first = await written('FAILED', ['A', 'B']);
    await lines.delete(first.records.slice(0, 1).map(({ id }) => id));
    const then = await written('PENDING', ['C']);
    const gone = { ...then.run, run_id: 'f'.repeat(32) };
    await clear(first.run, then.run, {
      ...gone,
      lines: { ...gone.lines, delta_key: 'lines/delta/gone/delta.arrow' },
    });
    expect(await documents()).toEqual([]);
  });

  it('stays where a run of the receipt was merged: what that has of it is never away, not for a moment', async () => {
    const { run } = await written('COMPLETED', ['A', 'B']);
    const failed = { ...run, run_id: 'f'.repeat(32), lines: { ...run.lines, state: 'FAILED' as const } };
    await clear(run, failed);
    expect(await documents()).toEqual(['A', 'B']);
  });

  it.each<[string, (record: HashedRecord) => Promise<void>]>([
    [
      'somebody has put a label on a record of it',
      ({ id }) => lines.updateMetadata([{ id, metadata: { section_label: 'TOTAL' } }]),
    ],
    [
      'a record of it is of another content',
      (record) => lines.update([{ ...record, document: 'THEIRS', contentHash: 'theirs' }]),
    ],
    [
      'somebody has added a record to it',
      (record) => lines.add([{ ...record, id: recordId({ ...receipt, lineId: 9 }), document: 'THEIRS' }]),
    ],
  ])('stays whole where %s', async (_what, meddle) => {
    const { run, records } = await written('FAILED', ['A', 'B']);
    for (const record of records.slice(0, 1)) await meddle(record);
    const before = await documents();
    await clear(run);
    expect(await documents()).toEqual(before);
  });
});
