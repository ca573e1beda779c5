/**
 * `npm run bench:duplicates`: how many records a search for their own vector finds, and how many a search among them
 * alone, where receipts repeat themselves: with vectors as the model gives them, and as a merge writes them.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { wordsOf } from '../__tests__/support/repeating-words';
import type { DistanceSpace } from '../contracts/collection-pointer';
import type { HashedRecord } from '../contracts/delta';
import { createChromaCollection } from '../functions/enhanced-compaction/chroma/collection';
import { chromaDatabase } from '../functions/enhanced-compaction/chroma/database';
import { startChromaServer } from '../functions/enhanced-compaction/chroma/server';
import { spread } from '../functions/enhanced-compaction/merge/spread';

const RECEIPTS = Number(process.env.RECEIPTS ?? 300);
const DIMENSIONS = Number(process.env.DIMENSIONS ?? 256);
const ASKED = 1000;
/** A copy is at most this far. The vectors are of length 1. */
const NEAR = 1e-3;

async function measure(space: DistanceSpace, written: (word: HashedRecord) => HashedRecord): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-duplicates-'));
  const server = await startChromaServer({ path: join(folder, 'data') });
  try {
    const database = chromaDatabase({ url: server.url });
    const chroma = await createChromaCollection(database, 'words', space);
    const { id } = await database.get<{ id: string }>('collections/words');
    const words: HashedRecord[] = [];
    for (let receipt = 0; receipt < RECEIPTS; receipt += 1) {
      const merged = wordsOf(receipt, DIMENSIONS).map(written);
      await chroma.add(merged);
      words.push(...merged);
    }
    const asked = words.filter((_, index) => index % Math.ceil(words.length / ASKED) === 0);
    const nearest = await chroma.nearest(
      asked.map(({ embedding }) => embedding),
      1,
    );
    const found = nearest.filter(([first]) => first !== undefined && first.distance < NEAR).length;
    let alone = 0;
    for (const word of asked) {
      const query = { query_embeddings: [Array.from(word.embedding)], n_results: 1, ids: [word.id] };
      const answer = await database.post<{ ids: string[][] }>(`collections/${id}/query`, query);
      alone += answer.ids[0]?.length ?? 0;
    }
    const share = (count: number) => `${((100 * count) / asked.length).toFixed(1)} %`;
    return `${share(found)} find an equal vector, ${share(alone)} are found among themselves alone`;
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  for (const space of ['l2', 'cosine'] as const) {
    console.log(`${space}, as the model gives them: ${await measure(space, (word) => word)}.`);
    console.log(`${space}, as a merge writes them:  ${await measure(space, spread)}.`);
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
