import crypto from 'node:crypto';
import { seededNumbers } from '../../../../contracts/seeded-numbers';
import {
  type ChromaCollection,
  createChromaCollection,
  openChromaCollection,
  pagesOf,
} from '../../../../functions/enhanced-compaction/chroma/collection';
import { chromaDatabase } from '../../../../functions/enhanced-compaction/chroma/database';
import { hiddenAmong } from '../../../../functions/enhanced-compaction/merge/hidden-vectors';
import { mendIndex } from '../../../../functions/enhanced-compaction/merge/index-health';
import { useChromaServer } from '../../../support/chroma-server';

const server = useChromaServer();
const DIMENSIONS = 384;
const random = seededNumbers(1);
const record = (number: number) => ({
  id: `record-${String(number).padStart(5, '0')}`,
  document: `text ${number}`,
  metadata: { number, place_id: 'p1' },
  embedding: Float32Array.from({ length: DIMENSIONS }, () => random() - 0.5),
  contentHash: 'c'.repeat(64),
});
const recordsFrom = (first: number, count: number) =>
  Array.from({ length: count }, (_, index) => record(first + index));

async function allHidden(chroma: ChromaCollection): Promise<number> {
  let hidden = 0;
  for await (const page of pagesOf(chroma)) hidden += (await hiddenAmong(chroma, page)).length;
  return hidden;
}

it('B2: finds the records that other replacements have cut off in Chroma’s own index, and links them anew', async () => {
  const database = chromaDatabase({ url: server.url });
  await database.post('collections', { name: 'migrated', configuration: { hnsw: { space: 'l2' } } });
  const chroma = await openChromaCollection(database, 'migrated');
  if (chroma === undefined) throw new Error('There is no collection.');
  await chroma.add(recordsFrom(0, 1000));
  let hidden = 0;
  for (let round = 0; hidden === 0; round += 1) {
    await chroma.update(recordsFrom(200 * (round % 5), 200));
    hidden = await allHidden(chroma);
  }
  const before = await chroma.byIds(['record-00000']);

  expect(await mendIndex(chroma, 1000)).toEqual({ searched: 1000, hidden, left: 0 });
  expect(await allHidden(chroma)).toBe(0);
  expect(await chroma.byIds(['record-00000'])).toEqual(before);
});

it('looks at a part of a large collection, never beyond its end, and at none of an empty one', async () => {
  const chroma = await createChromaCollection(chromaDatabase({ url: server.url }), 'large', 'l2');
  expect(await mendIndex(chroma, 0)).toEqual({ searched: 0, hidden: 0, left: 0 });
  await chroma.add(recordsFrom(0, 1300));
  const looked: number[] = [];
  const watched: ChromaCollection = {
    ...chroma,
    page: (offset, limit) => {
      looked.push(offset, offset + limit);
      return chroma.page(offset, limit);
    },
  };
  expect(await mendIndex(watched, 1300)).toEqual({ searched: 1000, hidden: 0, left: 0 });
  expect(Math.max(...looked)).toBeLessThanOrEqual(1300);
  expect(Math.max(...looked) - Math.min(...looked)).toBe(1000);
});

it.each([
  ['first', () => 0, 0],
  ['last', (bound: number) => bound - 1, 2],
])('may look at the %s of one that is a little larger', async (_what, draw, first) => {
  const drawing = jest.spyOn(crypto, 'randomInt').mockImplementation(draw);
  const looked: number[] = [];
  const chroma = await createChromaCollection(chromaDatabase({ url: server.url }), `little-${first}`, 'l2');
  const page: ChromaCollection['page'] = async (offset, limit) => {
    looked.push(offset, offset + limit);
    return [];
  };
  await mendIndex({ ...chroma, page }, 1002);
  drawing.mockRestore();
  expect([Math.min(...looked), Math.max(...looked)]).toEqual([first, first + 1000]);
});

it('writes nothing again where others may write, too: what arrives late would stand under a later text', async () => {
  const chroma = await createChromaCollection(chromaDatabase({ url: server.url }), 'shared', 'l2');
  await chroma.add(recordsFrom(0, 3));
  const shared: ChromaCollection = {
    ...chroma,
    isShared: true,
    nearest: async (embeddings) =>
      embeddings.map(() => [{ id: 'another', metadata: {}, document: '', distance: 1e3 }]),
    updateVectors: async () => {
      throw new Error('It was written again.');
    },
  };
  expect(await mendIndex(shared, 3)).toEqual({ searched: 3, hidden: 3, left: 3 });
});

it('says how many a search does not find though they were written again', async () => {
  const chroma = await createChromaCollection(chromaDatabase({ url: server.url }), 'lost', 'l2');
  await chroma.add(recordsFrom(0, 3));
  const written: string[] = [];
  const liar: ChromaCollection = {
    ...chroma,
    nearest: async (embeddings) =>
      embeddings.map((_, index) => [
        { id: 'another', metadata: {}, document: '', distance: index === 0 ? 1e3 : 0 },
      ]),
    updateVectors: async (records) => {
      written.push(...records.map(({ id }) => id));
    },
  };
  const health = await mendIndex(liar, 3);
  expect(health).toEqual({ searched: 3, hidden: 1, left: 1 });
  expect(written).toHaveLength(2);
});
