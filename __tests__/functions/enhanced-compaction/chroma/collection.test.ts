import { randomBytes } from 'node:crypto';
import type { HashedRecord, RecordMetadata } from '../../../../contracts/delta';
import {
  type ChromaCollection,
  createChromaCollection,
} from '../../../../functions/enhanced-compaction/chroma/collection';
import {
  type ChromaDatabase,
  ChromaRefusal,
  chromaDatabase,
} from '../../../../functions/enhanced-compaction/chroma/database';
import { stringifyExactly } from '../../../../functions/shared/written-numbers';
import { useChromaServer } from '../../../support/chroma-server';
import { embed } from '../../../support/compaction-harness';

const server = useChromaServer();

/** The bodies that were sent. Bytes. */
const sent: number[] = [];
beforeEach(() => sent.splice(0));

/** A collection of its own, on a server that refuses bodies of more than so many bytes. */
function collection(limit: number): Promise<ChromaCollection> {
  const database = chromaDatabase({ url: server.url });
  const limited: ChromaDatabase = {
    ...database,
    post: async (path, body, read) => {
      const bytes = Buffer.byteLength(stringifyExactly(body));
      sent.push(bytes);
      if (bytes > limit) throw new ChromaRefusal('Chroma refused it with status 413', 413);
      return database.post(path, body, read);
    },
  };
  return createChromaCollection(limited, `lines-${randomBytes(8).toString('hex')}`, 'l2');
}

const records = (count: number, document = 'TEXT', metadata: RecordMetadata = {}): HashedRecord[] =>
  Array.from({ length: count }, (_, index) => ({
    id: `id-${index}`,
    document,
    metadata: { index, ...metadata },
    embedding: embed(`${index}`),
    contentHash: `${index}`,
  }));
const indexesIn = async (chroma: ChromaCollection) =>
  (await chroma.metadataPage(0, 10_000)).map(({ metadata }) => Number(metadata.index)).sort((a, b) => a - b);
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);
const MEBIBYTE = 1024 * 1024;
/** What Chroma's server takes. */
const CHROMA = 40 * MEBIBYTE;

describe('A write is sent in requests that the server takes', () => {
  const CONTROL = '\u0001'.repeat(4_000);

  it.each<[string, number, HashedRecord[]]>([
    ['documents that are six times as long in JSON', 1000, records(1000, CONTROL, { text: CONTROL })],
    ['long metadata', 700, records(700, 'TEXT', { note: Array(15).fill('日'.repeat(1_365)) })],
  ])('of %s', async (_what, count, long) => {
    const chroma = await collection(CHROMA);
    await chroma.add(long);
    expect(Math.max(...sent)).toBeLessThan(26 * MEBIBYTE);
    sent.splice(0);
    await chroma.update(long);
    expect(Math.max(...sent)).toBeLessThan(26 * MEBIBYTE);
    expect(await chroma.count()).toBe(count);
  });

  it('of metadata alone, in bytes and not in characters', async () => {
    const chroma = await collection(CHROMA);
    await chroma.add(records(700));
    sent.splice(0);
    const note = Array(15).fill('日'.repeat(1_365));
    // What else a caller knows of a record is not sent, and does not count.
    await chroma.updateMetadata(records(700).map((record) => ({ ...record, metadata: { note } })));
    expect(sent).toHaveLength(2);
    expect(Math.max(...sent)).toBeLessThan(26 * MEBIBYTE);
  });

  it('with as few as the server takes, where a proxy before it takes less', async () => {
    const chroma = await collection(10_000);
    await chroma.add(records(300));
    await chroma.update(records(300));
    await chroma.updateMetadata(records(300));
    expect(await indexesIn(chroma)).toEqual(upTo(300));
    const found = await chroma.nearest(
      records(300).map(({ embedding }) => embedding),
      1,
    );
    expect(found.map(([nearest]) => nearest?.id)).toEqual(records(300).map(({ id }) => id));
    expect(Math.max(...sent)).toBeGreaterThan(10_000);
  });
});

it('A record that is too large alone is refused by its id', async () => {
  const chroma = await collection(10_000);
  const large = records(3).map((record, index) =>
    index === 1 ? { ...record, document: 'x'.repeat(20_000) } : record,
  );
  await expect(chroma.add(large)).rejects.toThrow('status 413, of id-1');
  await expect(chroma.add(large)).rejects.toMatchObject({ status: 413, isLasting: true });
});
