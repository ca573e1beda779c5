import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { annotationKey, ocrKey, snapshotPointerKey } from '../../contracts/bucket-layout';
import type { CompactionRun } from '../../contracts/compaction-run';
import { parseRecordId, type ReceiptReference, recordId } from '../../contracts/record-id';
import { writeOldSnapshot } from '../../demo/old-system/write-snapshot';
import { runsOfReceipt } from '../../functions/shared/run-table';
import { embed, useCompactionHarness } from '../support/compaction-harness';
import { exactMetadata, replacedLines } from '../support/foreign-metadata';
import { intercepted } from '../support/intercepted-client';
import {
  annotate,
  announce,
  dropReceipt,
  embedIn,
  type InTurn,
  ingest,
  removeObject,
  untilTheNextSecond,
} from '../support/receipt-functions';

const world = useCompactionHarness();

let receipt: ReceiptReference;
beforeEach(() => {
  receipt = { imageId: randomUUID(), receiptId: 1 };
});

const runs = (): Promise<CompactionRun[]> => runsOfReceipt(world.table, receipt);
const statesOfLines = async () =>
  (await runs()).map(({ kind = 'receipt', lines }) => `${kind} ${lines.state}`);
/** The receipt's published lines by their numbers: some of their keys. */
async function lines(...keys: string[]) {
  const all = [...(await exactMetadata(world))].flatMap(([id, metadata]) => {
    const reference = parseRecordId(id);
    if (reference?.imageId !== receipt.imageId) return [];
    return [[reference.lineId, Object.fromEntries(keys.map((key) => [key, metadata[key]]))] as const];
  });
  return Object.fromEntries(all);
}
const LABELLED = {
  receipt: { place_id: 'p1' },
  lines: [{ line_id: 2, metadata: { section_label: 'TOTAL' } }],
};
const ON_BOTH = {
  1: { place_id: 'p1', section_label: undefined },
  2: { place_id: 'p1', section_label: 'TOTAL' },
};
const both = () => lines('place_id', 'section_label');
const MIGRATED = '20250901_101500';
const migrate = () =>
  writeOldSnapshot(
    world.s3,
    world.bucket,
    'lines',
    ['SHOP', 'TOTAL 3.30'].map((document, index) => ({
      id: recordId({ ...receipt, lineId: index + 1 }),
      document,
      metadata: { image_id: receipt.imageId, receipt_id: '1', line_id: index + 1, section_label: 'OLD' },
      embedding: embed(`${document} of old`),
    })),
    { version: MIGRATED, space: 'l2' },
  );

describe('A4: an annotation', () => {
  it.each([
    ['changes', () => world.put(annotationKey(receipt), JSON.stringify({ receipt: { place_id: 'p2' } }))],
    ['goes', () => removeObject(world, annotationKey(receipt))],
  ] as const)(
    'that %s after it was looked at has no run of what it was, and its message is done',
    async (_what, change) => {
      await world.put(annotationKey(receipt), JSON.stringify(LABELLED));
      const messages: string[] = [];
      await ingest(world, annotationKey(receipt), (message) => messages.push(message));
      let requests = 0;
      // It is looked at under either spelling, the table is asked for runs, then it is read.
      const inTurn: InTurn = async (send) => {
        requests += 1;
        if (requests === 4) await change();
        return send();
      };
      await embedIn(world, messages[0] ?? '', { inTurn });
      expect(requests).toBe(4);
      expect(await runs()).toEqual([]);
    },
  );

  it('is put on a receipt’s records in both collections’ runs, and nothing is embedded for it', async () => {
    await dropReceipt(world, receipt, ['SHOP', 'TOTAL 3.30']);
    await annotate(world, receipt, LABELLED);
    await world.compactOnce();
    expect(await both()).toEqual(ON_BOTH);
    const [, annotation] = await runs();
    expect(annotation).toMatchObject({
      kind: 'annotation',
      lines: { state: 'COMPLETED', records: 0, merged_vectors: 0 },
      words: { state: 'PENDING', records: 0 },
    });
  });

  it('is put on a migrated receipt that never had a run', async () => {
    await migrate();
    await annotate(world, receipt, { ...LABELLED, receipt: { place_id: 'p1', section_label: null } });
    await world.compactOnce();
    expect(await both()).toEqual(ON_BOTH);
    expect(await world.documents()).toEqual(['SHOP', 'TOTAL 3.30']);
  });

  it('that comes before its receipt stands on it when it comes', async () => {
    await annotate(world, receipt, LABELLED);
    await world.compactOnce();
    expect(await statesOfLines()).toEqual(['annotation COMPLETED']);
    await dropReceipt(world, receipt, ['SHOP', 'TOTAL 3.30']);
    await world.compactOnce();
    expect(await both()).toEqual(ON_BOTH);
  });

  it('stands on a record again that comes with another text, and again where it was gone', async () => {
    await dropReceipt(world, receipt, ['SHOP', 'TOTAI 3.30']);
    await annotate(world, receipt, LABELLED);
    await world.compactOnce();
    await dropReceipt(world, receipt, ['SHOP', 'TOTAL 3.30']);
    await world.compactOnce();
    expect(await both()).toEqual(ON_BOTH);
    await dropReceipt(world, receipt, undefined);
    await world.compactOnce();
    expect(await both()).toEqual({});
    await dropReceipt(world, receipt, ['SHOP', 'TOTAL 3.30']);
    await world.compactOnce();
    expect(await both()).toEqual(ON_BOTH);
  });

  it('counts as the object is when it is looked at, and of two that wait together both, the later over the earlier', async () => {
    await dropReceipt(world, receipt, ['SHOP', 'TOTAL 3.30']);
    await annotate(world, receipt, { receipt: { place_id: 'first', a: 1 } });
    await annotate(world, receipt, { receipt: { place_id: 'second' } });
    // The event of the first comes late, and once more.
    await announce(world, annotationKey(receipt));
    await announce(world, annotationKey(receipt));
    expect(await statesOfLines()).toEqual(['receipt PENDING', 'annotation PENDING', 'annotation PENDING']);
    await world.compactOnce();
    expect(await statesOfLines()).toEqual([
      'receipt COMPLETED',
      'annotation COMPLETED',
      'annotation COMPLETED',
    ]);
    expect(await lines('place_id', 'a')).toMatchObject({ 1: { place_id: 'second', a: 1 } });
  });

  it.each([true, false])(
    'sets what it sets, whether a merge falls between two of its states: %s',
    async (falls) => {
      await dropReceipt(world, receipt, ['SHOP']);
      await annotate(world, receipt, { receipt: { old: 1 } });
      await world.compactOnce();
      await annotate(world, receipt, { receipt: { a: 1, old: null } });
      if (falls) await world.compactOnce();
      await annotate(world, receipt, { receipt: { b: 2 } });
      await world.compactOnce();
      expect(await lines('a', 'b', 'old')).toEqual({ 1: { a: 1, b: 2, old: undefined } });
      // Another sandbox makes the same of the log.
      await world.arrive({ texts: ['NEXT'] });
      await world.compactOnce();
      expect(await lines('a', 'b', 'old')).toEqual({ 1: { a: 1, b: 2, old: undefined } });
    },
  );

  it('leaves what it does not name, and what it named before: null takes away', async () => {
    await dropReceipt(world, receipt, ['SHOP']);
    await annotate(world, receipt, { receipt: { a: 1, b: 1 } });
    await world.compactOnce();
    await annotate(world, receipt, { receipt: { b: null, c: 1 } });
    await world.compactOnce();
    expect(await lines('a', 'b', 'c')).toEqual({ 1: { a: 1, b: undefined, c: 1 } });
  });

  it('that is removed leaves what it has set, and is put on nothing any more', async () => {
    await dropReceipt(world, receipt, ['SHOP']);
    await annotate(world, receipt, { receipt: { place_id: 'p1' } });
    await world.compactOnce();
    await annotate(world, receipt, undefined);
    await dropReceipt(world, receipt, ['SHOP', 'NEW']);
    await world.compactOnce();
    expect(await lines('place_id')).toEqual({ 1: { place_id: 'p1' }, 2: { place_id: undefined } });
    expect(await statesOfLines()).toEqual(['receipt COMPLETED', 'annotation COMPLETED', 'receipt COMPLETED']);
  });

  it('that is put there again is put on the records again, though its text is the same', async () => {
    await dropReceipt(world, receipt, ['SHOP']);
    for (const place_id of ['p1', 'p1']) await annotate(world, receipt, { receipt: { place_id } });
    expect(await statesOfLines()).toHaveLength(3);
  });

  it('counts under a key in capitals as well, as Swift writes UUIDs, and stands there again after a drop', async () => {
    const inCapitals = { ...receipt, imageId: receipt.imageId.toUpperCase() };
    await dropReceipt(world, inCapitals, ['SHOP', 'TOTAL 3.30']);
    await annotate(world, inCapitals, LABELLED);
    await world.compactOnce();
    expect(await both()).toEqual(ON_BOTH);
    await dropReceipt(world, receipt, undefined);
    await dropReceipt(world, inCapitals, undefined);
    await world.compactOnce();
    await dropReceipt(world, receipt, ['SHOP', 'TOTAL 3.30']);
    await world.compactOnce();
    expect(await both()).toEqual(ON_BOTH);
  });

  it('of which two stand, under either spelling, is what was written last', async () => {
    const inCapitals = { ...receipt, imageId: receipt.imageId.toUpperCase() };
    await dropReceipt(world, receipt, ['SHOP']);
    await annotate(world, receipt, { receipt: { place_id: 'small' } });
    await untilTheNextSecond();
    await annotate(world, inCapitals, { receipt: { place_id: 'CAPITALS' } });
    // The event of the first comes late.
    const said: string[] = [];
    const say = (line: string) => said.push(line);
    await ingest(world, annotationKey(receipt), (message) => embedIn(world, message), { say });
    expect(said).toContainEqual(expect.stringContaining('under the other spelling of its image id'));
    await world.compactOnce();
    expect(await lines('place_id')).toEqual({ 1: { place_id: 'CAPITALS' } });
    await annotate(world, inCapitals, undefined);
    await world.compactOnce();
    expect(await lines('place_id')).toEqual({ 1: { place_id: 'small' } });
  });

  it('that is gone when its message comes is said to be', async () => {
    const messages: string[] = [];
    await world.put(annotationKey(receipt), JSON.stringify(LABELLED));
    await ingest(world, annotationKey(receipt), (message) => messages.push(message));
    await removeObject(world, annotationKey(receipt));
    const said: string[] = [];
    for (const message of messages) await embedIn(world, message, { say: (line) => said.push(line) });
    expect(said).toEqual(['The receipt has no annotation']);
  });

  it('keeps a float a float', async () => {
    await dropReceipt(world, receipt, ['SHOP']);
    await annotate(world, receipt, '{"receipt": {"score": 1.0, "count": 1, "list": [1.0, 2.5]}}');
    await world.compactOnce();
    expect(await lines('score', 'count', 'list')).toEqual({
      1: { score: { '#number': '1.0' }, count: 1, list: [{ '#number': '1.0' }, 2.5] },
    });
  });
});

describe('A receipt that is dropped', () => {
  it('is not embedded again when its message comes again after the annotation’s', async () => {
    const messages: string[] = [];
    await dropReceipt(world, receipt, ['SHOP']);
    await ingest(world, ocrKey(receipt), (message) => messages.push(message));
    await annotate(world, receipt, LABELLED);
    for (const message of messages) await embedIn(world, message);
    expect(await statesOfLines()).toEqual(['receipt PENDING', 'annotation PENDING']);
  });

  it('gets its annotation though the function was killed after it had made the receipt’s run', async () => {
    await annotate(world, receipt, LABELLED);
    await world.compactOnce();
    const messages: string[] = [];
    await dropReceipt({ ...world, table: diesAfterPut() }, receipt, ['SHOP', 'TOTAL 3.30']).catch(() => {});
    expect(await statesOfLines()).toEqual(['annotation COMPLETED', 'receipt PENDING']);
    await world.compactOnce();
    await ingest(world, ocrKey(receipt), (message) => messages.push(message));
    for (const message of messages) await embedIn(world, message);
    await world.compactOnce();
    expect(await both()).toEqual(ON_BOTH);
  });

  const diesAfterPut = () => ({
    ...world.table,
    client: intercepted(world.table.client, async ({ input }, send) => {
      await send();
      if ('Item' in input) throw new Error('Killed.');
      return {};
    }),
  });
});

describe('The merge of an annotation', () => {
  it('that died after it was published is told by the pointer, and done once', async () => {
    await dropReceipt(world, receipt, ['SHOP', 'TOTAL 3.30']);
    await world.compactOnce();
    await annotate(world, receipt, LABELLED);
    const table = {
      ...world.table,
      client: intercepted(world.table.client, async (command, send) => {
        const marks =
          command instanceof UpdateCommand && command.input.UpdateExpression?.includes('REMOVE #pending');
        if (marks) throw new Error('Killed.');
        return send();
      }),
    };
    await expect(world.compactOnce({ table })).rejects.toThrow('Killed.');
    expect(await both()).toEqual(ON_BOTH);
    const { version } = (await world.pointer()) ?? {};
    await world.compactOnce();
    expect(await statesOfLines()).toEqual(['receipt COMPLETED', 'annotation COMPLETED']);
    expect((await world.pointer())?.version).toBe(version);
  });

  it('publishes nothing where the records have already what it says', async () => {
    await dropReceipt(world, receipt, ['SHOP', 'TOTAL 3.30']);
    await annotate(world, receipt, LABELLED);
    await world.compactOnce();
    const { version } = (await world.pointer()) ?? {};
    await annotate(world, receipt, LABELLED);
    await world.compactOnce();
    expect((await world.pointer())?.version).toBe(version);
    expect((await statesOfLines()).at(-1)).toBe('annotation COMPLETED');
  });
});

describe('A collection that is rebuilt', () => {
  const rebuild = async () => {
    await rm(join(world.mountPath, 'lines'), { recursive: true });
    await world.arrive({ texts: ['NEXT'] });
    await world.compactOnce();
  };

  it('from a snapshot of before has what every annotation set, also of one that names it no more', async () => {
    await dropReceipt(world, receipt, ['SHOP', 'TOTAL 3.30']);
    await world.compactOnce();
    await annotate(world, receipt, LABELLED);
    await world.compactOnce();
    await annotate(world, receipt, { receipt: { other: 1, place_id: null } });
    await world.compactOnce();
    const before = await exactMetadata(world);
    await rebuild();
    const after = await exactMetadata(world);
    for (const [id, metadata] of before) expect(after.get(id)).toEqual(metadata);
    expect(await lines('other', 'section_label', 'place_id')).toMatchObject({
      2: { other: 1, section_label: 'TOTAL', place_id: undefined },
    });
  });

  it('from the migrated snapshot has what was set on a receipt that was never dropped', async () => {
    await migrate();
    await annotate(world, receipt, LABELLED);
    await world.compactOnce();
    await world.deletePointer();
    await world.put(snapshotPointerKey('lines'), MIGRATED);
    await rebuild();
    expect(await both()).toEqual({
      1: { place_id: 'p1', section_label: 'OLD' },
      2: { place_id: 'p1', section_label: 'TOTAL' },
    });
  });
});

describe('An annotation that cannot be read', () => {
  const kept: { readonly key?: string; readonly reason: string }[] = [];
  const quarantine = async (what: object, reason: string) => {
    kept.push({ ...what, reason });
  };
  beforeEach(() => kept.splice(0));

  it.each([
    ['is not JSON', '{"receipt"', 'The annotation is not JSON.'],
    ['names a key of the pipeline’s', { receipt: { text: 'x' } }, 'receipt.text: the pipeline owns this key'],
    ['is far too large', `{"receipt": {"a": "${'x'.repeat(5 * 1024 * 1024)}"}}`, 'bytes; at most'],
  ])('since it %s is kept with the reason, and no run is made of it', async (_why, annotation, reason) => {
    await dropReceipt(world, receipt, ['SHOP']);
    await annotate(world, receipt, annotation, quarantine);
    expect(kept).toEqual([
      expect.objectContaining({ key: annotationKey(receipt), reason: expect.stringContaining(reason) }),
    ]);
    await dropReceipt(world, receipt, ['SHOP', 'MORE']);
    await world.compactOnce();
    expect(await statesOfLines()).toEqual(['receipt SUPERSEDED', 'receipt COMPLETED']);
  });

  it('since its key has another form is kept, and one that is removed leaves nothing to keep', async () => {
    await world.put('annotations/other.json', '{}');
    await announce(world, 'annotations/other.json', quarantine);
    expect(kept).toEqual([
      expect.objectContaining({ reason: expect.stringContaining('annotations/{image uuid}/receipt-') }),
    ]);
    await announce(world, 'annotations/gone.json', quarantine);
    expect(kept).toHaveLength(1);
  });
});

test('labels that an annotation overwrites are its to decide; those of a record that goes are kept', async () => {
  await migrate();
  await annotate(world, receipt, { receipt: { section_label: 'NEW' } });
  await world.compactOnce();
  expect(await replacedLines(world)).toEqual([]);
  await dropReceipt(world, receipt, undefined);
  await world.compactOnce();
  expect((await replacedLines(world)).map(({ metadata }) => metadata)).toEqual([
    { section_label: 'NEW' },
    { section_label: 'NEW' },
  ]);
});
