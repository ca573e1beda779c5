import { z } from 'zod';
import { describeIssues } from '../../contracts/ndjson-rows';

/** The endpoint answered with HTTP 200, but not with the embeddings that were asked for. */
export class NonsenseAnswer extends Error {
  override readonly name = 'NonsenseAnswer';
  constructor(finding: string) {
    super(`The embedding endpoint answers nonsense. ${finding} Check OPENAI_BASE_URL and EMBEDDING_MODEL.`);
  }
}

const answerSchema = z.object({
  data: z.array(
    z.object({
      /** Some servers write it as text, others leave it out: then the order of the texts is meant. */
      index: z.union([z.int().nonnegative(), z.string().regex(/^\d+$/).transform(Number)]).nullish(),
      /** Base64 of little-endian floats, as asked for; some servers answer with numbers all the same. */
      embedding: z.union([z.string(), z.array(z.number())]),
    }),
  ),
});

/**
 * The embeddings of an answer, in the order of the inputs.
 *
 * @throws {NonsenseAnswer} unless there is exactly one for each input, each with `dimensions` finite numbers
 *   that are not all zero.
 */
export function decodeEmbeddings(answer: unknown, inputs: number, dimensions: number): Float32Array[] {
  const parsed = answerSchema.safeParse(answer);
  if (!parsed.success) {
    const [first] = parsed.error.issues;
    const issue = first ? describeIssues(new z.ZodError([first])) : 'unknown';
    throw new NonsenseAnswer(`It is not a list of embeddings (${issue}).`);
  }
  const { data } = parsed.data;
  if (data.length !== inputs) {
    throw new NonsenseAnswer(`It gave ${data.length} embeddings for ${inputs} texts.`);
  }
  const isInOrder = data.every(({ index }) => index == null);
  const embeddings = new Map(
    data.map(({ index, embedding }, place) => [isInOrder ? place : index, decode(embedding)]),
  );
  return Array.from({ length: inputs }, (_, index) => {
    const embedding = embeddings.get(index);
    if (embedding === undefined) throw new NonsenseAnswer(`It gave none for text ${index}.`);
    if (embedding.length !== dimensions) {
      throw new NonsenseAnswer(`It gave ${embedding.length} dimensions instead of ${dimensions}.`);
    }
    if (!embedding.every(Number.isFinite)) throw new NonsenseAnswer('An embedding is not finite.');
    if (embedding.every((value) => value === 0)) throw new NonsenseAnswer('An embedding is all zeros.');
    return embedding;
  });
}

function decode(embedding: string | number[]): Float32Array {
  if (typeof embedding !== 'string') return Float32Array.from(embedding);
  // Copied into memory of its own: a Buffer's part of the pool need not begin at a multiple of four.
  const bytes = Uint8Array.from(Buffer.from(embedding, 'base64'));
  if (bytes.byteLength % Float32Array.BYTES_PER_ELEMENT !== 0) {
    throw new NonsenseAnswer('An embedding is not base64 of floats.');
  }
  return new Float32Array(bytes.buffer);
}
