import type { DistanceSpace } from '../../../../contracts/collection-pointer';
import type { HashedRecord } from '../../../../contracts/delta';
import { embedText } from '../../../../demo/embedding-endpoint/embed-text';
import { openChromaCollection } from '../../../../functions/enhanced-compaction/chroma/collection';
import {
  type ChromaDatabase,
  chromaDatabase,
} from '../../../../functions/enhanced-compaction/chroma/database';
import { mergeReceipts } from '../../../../functions/enhanced-compaction/merge/merge-receipts';
import { spread } from '../../../../functions/enhanced-compaction/merge/spread';
import { useChromaServer } from '../../../support/chroma-server';
import { makeDelta } from '../../../support/compaction-harness';
import { wordsOf } from '../../../support/repeating-words';

const DIMENSIONS = 256;
const keep = async () => {};

const distance = (a: Float32Array, b: Float32Array) =>
  Math.hypot(...a.map((value, index) => value - (b[index] ?? 0)));

describe('A vector that is spread', () => {
  const embedding = embedText('TOTAL', 1536);
  const moved = (id: string, vector = embedding) => spread({ id, embedding: vector }).embedding;

  it('is moved by a thousandth of its length, whatever that is', () => {
    for (const factor of [1, 40, 1e-6]) {
      const vector = embedding.map((value) => value * factor);
      const share = distance(moved('a', vector), vector) / factor;
      expect(share).toBeGreaterThan(0.9e-3);
      expect(share).toBeLessThan(1.1e-3);
    }
  });

  it('goes the same way for the same id, and another way for another', () => {
    expect(moved('a')).toEqual(moved('a'));
    // Directions in 1,536 dimensions are at right angles to each other, or nearly.
    expect(distance(moved('a'), moved('b'))).toBeGreaterThan(1.2e-3);
  });

  it('stays where it is when it has no length', () => {
    expect(moved('a', new Float32Array(8))).toEqual(new Float32Array(8));
  });

  it('keeps all else of a record', () => {
    const record = { id: 'a', embedding, document: 'TOTAL' };
    expect(spread(record)).toEqual({ ...record, embedding: expect.any(Float32Array) });
  });
});

describe('A collection of receipts that repeat themselves', () => {
  const server = useChromaServer();
  let database: ChromaDatabase;
  beforeAll(() => {
    database = chromaDatabase({ url: server.url });
  });

  // Of the copies as the model gives them, a tenth and more cannot be reached (`npm run bench:duplicates`).
  it.each<DistanceSpace>(['l2', 'cosine'])('finds each of many copies, in the space %s', async (space) => {
    const name = `words-${space}`;
    // With the index that old collections have, which is Chroma's default.
    const { id } = await database.post<{ id: string }>('collections', {
      name,
      configuration: { hnsw: { space } },
    });
    const chroma = await openChromaCollection(database, name);
    if (chroma === undefined) throw new Error('The collection is gone.');
    const copies: HashedRecord[] = [];
    for (let merge = 0; merge < 30; merge += 1) {
      const deltas = Array.from({ length: 10 }, (_, receipt) => {
        const words = wordsOf(10 * merge + receipt, DIMENSIONS);
        return makeDelta({
          texts: words.map(({ document }) => document),
          records: (all) => all.map((each, index) => ({ ...each, embedding: vectorOf(words[index]) })),
        });
      });
      await mergeReceipts(chroma, deltas, keep);
      copies.push(
        ...deltas.flatMap(({ records }) => records.filter(({ document }) => /^(TOTAL|CASH)$/.test(document))),
      );
    }
    const answers = await Promise.all(
      copies.map(({ id: ofCopy, embedding }) =>
        database.post<{ ids: string[][] }>(`collections/${id}/query`, {
          query_embeddings: [Array.from(embedding)],
          n_results: 1,
          ids: [ofCopy],
        }),
      ),
    );
    const found = answers.filter(({ ids: [first = []] }) => first.length === 1).length;
    expect(found / copies.length).toBeGreaterThan(0.98);
  });
});

function vectorOf(word: HashedRecord | undefined): Float32Array {
  if (word === undefined) throw new Error('A delta has as many records as texts.');
  return word.embedding;
}
