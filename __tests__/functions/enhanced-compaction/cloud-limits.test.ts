import { randomUUID } from 'node:crypto';
import type { CompactionRun } from '../../../contracts/compaction-run';
import type { RecordMetadata } from '../../../contracts/delta';
import { readEnvironment } from '../../../contracts/environment';
import { openChromaCollection } from '../../../functions/enhanced-compaction/chroma/collection';
import { chromaDatabase } from '../../../functions/enhanced-compaction/chroma/database';
import { createStore } from '../../../functions/enhanced-compaction/store/create-store';
import { type BreakpointProxy, startBreakpointProxy } from '../../support/breakpoint-proxy';
import { createDatabase, useChromaServer } from '../../support/chroma-server';
import {
  DIMENSIONS,
  idsOf,
  MODEL,
  quietTelemetry,
  type ReceiptSpec,
  useCompactionHarness,
} from '../../support/compaction-harness';

const world = useCompactionHarness();
const server = useChromaServer();
let proxy: BreakpointProxy;
let database: string;
/** Bodies of requests that add or change records. */
let written: string[];
beforeEach(async () => {
  proxy = await startBreakpointProxy(server.url);
  database = await createDatabase(server.url);
  written = [];
  const note = (body: string) => {
    if (/^\{"ids":.*"metadatas":/.test(body)) written.push(body);
    return false;
  };
  proxy.breakAt('held', note, async () => {});
});
afterEach(() => proxy.stop());

/** The store that a deployment in this mode has. */
const writer = (mode: 'cloud' | 'server' = 'cloud') =>
  world.writer({
    store: createStore({
      collection: 'lines',
      environment: readEnvironment('enhanced-compaction', {
        CHROMADB_BUCKET: world.bucket,
        COMPACTION_RUNS_TABLE: world.table.name,
        CHROMA_MODE: mode,
        CHROMA_URL: proxy.endpoint,
        CHROMA_DATABASE: database,
        EMBEDDING_MODEL: MODEL,
        EMBEDDING_DIMENSIONS: String(DIMENSIONS),
      }),
      s3: world.s3,
      table: world.table,
      readSecret: async () => 'a-key',
      telemetry: quietTelemetry(),
    }),
  });
const collection = async () => {
  const found = await openChromaCollection(chromaDatabase({ url: server.url, database }), 'lines');
  if (found === undefined) throw new Error('The server has no lines.');
  return found;
};
const stored = async () => {
  const records = await (await collection()).page(0, 1000);
  return records.sort((a, b) => (a.document < b.document ? -1 : 1));
};
const documents = async () => (await stored()).map(({ document }) => document);
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);

/** So many further keys; a line has image, receipt, line and content hash. */
const keys = (count: number, name = 'key'): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`${name}_${index}`, 'x']));
const SECRET = 'SÉCRET ';
const annotation = (
  receipt: RecordMetadata | Record<string, null>,
): Pick<ReceiptSpec, 'texts' | 'header'> => ({
  texts: [],
  header: { format_version: 2, annotation: JSON.stringify({ receipt }) },
});
const failing = async (run: CompactionRun): Promise<string> => {
  const { state, error = '' } = await world.state(run);
  expect(state).toBe('FAILED');
  expect(error).not.toContain('SÉCRET');
  return error;
};

/** Just too much, and what the reason says of it. É is two bytes. */
const EXCESSES: [string, Partial<ReceiptSpec>, string][] = [
  [
    'document',
    { texts: [SECRET.padEnd(16_384, '.')] },
    'a document of 16385 bytes, of which Chroma Cloud takes 16384',
  ],
  ['number of keys', { metadata: keys(29) }, '33 metadata keys, of which Chroma Cloud takes 32'],
  [
    'key',
    { metadata: { ['é'.repeat(19)]: 1 } },
    'a metadata key of 38 bytes, of which Chroma Cloud takes 36',
  ],
  [
    'text under a key',
    { metadata: { left: SECRET.padEnd(4096, '.') } },
    'a text of 4097 bytes under "left", of which Chroma Cloud takes 4096',
  ],
  [
    'id',
    { records: (all) => all.map((record) => ({ ...record, id: record.id.padEnd(129, '0') })) },
    'an id of 129 bytes, of which Chroma Cloud takes 128',
  ],
];

describe('A record that is more than Chroma Cloud takes', () => {
  it.each(EXCESSES)(
    'by its %s FAILS its run before anything is sent, and no other',
    async (_what, spec, reason) => {
      const run = await world.arrive({ texts: [SECRET], ...spec, createdAt: minutesAgo(2) });
      const neighbour = await world.arrive({ texts: ['NEIGHBOUR'] });
      await writer().compact();
      const error = await failing(run);
      expect(error).toContain(idsOf(run, 1)[0]);
      expect(error).toContain(
        `${reason}. Drop the OCR result again with less, or set chroma.mode to "server".`,
      );
      expect(await world.state(neighbour)).toMatchObject({ state: 'COMPLETED' });
      expect(await documents()).toEqual(['NEIGHBOUR']);
      expect(written).toHaveLength(1);
    },
  );

  it('leaves the receipt to an older run, where there is one', async () => {
    const imageId = randomUUID();
    await world.arrive({ imageId, texts: ['OLDER'], createdAt: minutesAgo(3) });
    const run = await world.arrive({
      imageId,
      texts: ['NEWER'],
      metadata: keys(29),
      createdAt: minutesAgo(2),
    });
    await writer().compact();
    await failing(run);
    expect(await documents()).toEqual(['OLDER']);
  });

  it.each(EXCESSES)('by its %s is none on a server of one’s own', async (_what, spec) => {
    const run = await world.arrive({ texts: [SECRET], ...spec });
    await writer('server').compact();
    expect(await world.state(run)).toMatchObject({ state: 'COMPLETED' });
  });

  it('is none when it is just that', async () => {
    const texts = [SECRET.padEnd(16_383, '.')];
    const metadata = { ...keys(26), left: SECRET.padEnd(4095, '.'), ['é'.repeat(18)]: 1 };
    const run = await world.arrive({ texts, metadata });
    await writer().compact();
    expect(await world.state(run)).toMatchObject({ state: 'COMPLETED' });
  });
});

describe('What others have put on a record counts', () => {
  const imageId = randomUUID();
  /** A line with four keys of its own and so many of another program's. */
  async function mergedWith(foreign: number) {
    await world.arrive({ imageId, texts: ['A', 'B'], createdAt: minutesAgo(9) });
    await writer().compact();
    const lines = await collection();
    const [first] = await lines.page(0, 1);
    await lines.updateMetadata([{ id: first?.id ?? '', metadata: keys(foreign, 'others') }]);
    written.length = 0;
  }

  it('where a receipt comes anew: its run FAILS, nothing of it is written, and its neighbour is merged', async () => {
    await mergedWith(27);
    const before = await stored();
    const run = await world.arrive({
      imageId,
      texts: ['A', 'B', 'SÉCRET'],
      metadata: { left: 'x', right: 'y' },
      createdAt: minutesAgo(8),
    });
    await world.arrive({ texts: ['NEIGHBOUR'] });
    await writer().compact();
    const error = await failing(run);
    expect(error).toContain(idsOf(run, 1)[0]);
    expect(error).toContain(
      '33 metadata keys, of which Chroma Cloud takes 32: what others have put on it stays. Take',
    );
    expect(await stored()).toEqual([...before, expect.objectContaining({ document: 'NEIGHBOUR' })]);
    expect((await world.pointer())?.manifest).toMatchObject({ records: 3 });
  });

  it('where it is annotated: that run FAILS, no record of it is written, and its receipt is merged', async () => {
    await mergedWith(18);
    const receipt = await world.arrive({ imageId, texts: ['A', 'B', 'C'], createdAt: minutesAgo(8) });
    const run = await world.arrive({ imageId, ...annotation(keys(11, 'said')), createdAt: minutesAgo(7) });
    await writer().compact();
    const error = await failing(run);
    expect(error).toContain(`the record ${idsOf(run, 1)[0]} with 33 metadata keys`);
    expect(await world.state(receipt)).toMatchObject({ state: 'COMPLETED' });
    expect(await documents()).toEqual(['A', 'B', 'C']);
    expect((await stored()).filter(({ metadata }) => 'said_0' in metadata)).toEqual([]);
  });

  it('where two annotations are too much together: the first stands, and the second FAILS', async () => {
    await mergedWith(16);
    const first = await world.arrive({ imageId, ...annotation(keys(10, 'first')), createdAt: minutesAgo(8) });
    const second = await world.arrive({
      imageId,
      ...annotation(keys(10, 'second')),
      createdAt: minutesAgo(7),
    });
    await writer().compact();
    await failing(second);
    expect(await world.state(first)).toMatchObject({ state: 'COMPLETED' });
    expect((await stored()).map(({ metadata }) => Object.keys(metadata).length)).toEqual([30, 14]);
  });

  it('where a receipt is merged again after a late write: it stays as it is, and holds up no other', async () => {
    await mergedWith(40);
    const other = await world.arrive({ texts: ['OTHER'] });
    await writer().compact();
    const late = (await stored()).map(({ id }) => ({ id, metadata: { content_hash: 'late' } }));
    await (await collection()).updateMetadata(late);
    const receipts = [imageId, other.image_id].map((image) => `${image}#00001`);
    await world.changePointer('SET touched = :value', [{ at: Date.now(), again: false, receipts }]);
    const run = await world.arrive({ texts: ['NEXT'] });
    await writer().compact();
    expect(await world.state(run)).toMatchObject({ state: 'COMPLETED' });
    expect((await stored()).map(({ metadata }) => metadata.content_hash === 'late')).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it('but where an annotation only takes away it is merged, however much is left', async () => {
    await mergedWith(40);
    const gone = { others_0: null, others_1: null };
    const run = await world.arrive({ imageId, ...annotation(gone), createdAt: minutesAgo(8) });
    await writer().compact();
    expect(await world.state(run)).toMatchObject({ state: 'COMPLETED' });
    expect((await stored()).map(({ metadata }) => Object.keys(metadata).length)).toEqual([42, 4]);
  });
});
