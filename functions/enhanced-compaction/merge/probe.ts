import type { ChromaCollection } from '../chroma/collection';

/** A collection does not hold what was written to it. */
export class MergeNotProven extends Error {
  override readonly name = 'MergeNotProven';
}

const PROBES = 8;
/** Float32 arithmetic over 1536 dimensions; distances of different texts are a hundred times as large. */
const TOLERANCE = 1e-3;

/**
 * Asks the vector index itself for some of the records: `count()` and `get()` answer rightly even where
 * vectors are lost or wrong. Each record's own embedding must find a vector at distance 0 among the probes.
 *
 * @throws {MergeNotProven} when one does not.
 */
export async function probe(
  chroma: ChromaCollection,
  records: readonly { readonly id: string; readonly embedding: Float32Array }[],
): Promise<void> {
  // Inner products know no smallest distance, so nothing can be told from them.
  if (chroma.space === 'ip') return;
  const step = Math.max(1, Math.floor(records.length / PROBES));
  const probes = records.filter((_, index) => index % step === 0 || index === records.length - 1);
  const found = await chroma.nearest(
    probes.map(({ embedding }) => embedding),
    1,
    probes.map(({ id }) => id),
  );
  for (const [index, { id, embedding }] of probes.entries()) {
    const distance = found[index]?.[0]?.distance ?? Number.POSITIVE_INFINITY;
    const scale = chroma.space === 'l2' ? Math.max(1, squaredLength(embedding)) : 1;
    if (!(distance <= TOLERANCE * scale)) {
      throw new MergeNotProven(
        `The collection ${chroma.name} does not find the vector of ${id}: nearest at ${distance}.`,
      );
    }
  }
}

const squaredLength = (embedding: Float32Array): number =>
  embedding.reduce((sum, value) => sum + value * value, 0);
