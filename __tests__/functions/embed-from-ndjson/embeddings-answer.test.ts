import fc from 'fast-check';
import { decodeEmbeddings } from '../../../functions/embed-from-ndjson/embeddings-answer';

const DIMENSIONS = 4;
const vectors = fc
  .float32Array({ minLength: DIMENSIONS, maxLength: DIMENSIONS, noNaN: true, noDefaultInfinity: true })
  .filter((vector) => vector.some((value) => value !== 0));
const base64 = (vector: Float32Array) => Buffer.from(vector.buffer).toString('base64');
const item = (index: number, vector: Float32Array) => ({ index, embedding: base64(vector) });
const good = Float32Array.from([1, 2, 3, 4]);

test('embeddings come back in the order of the inputs, whatever the order of the answer', () => {
  fc.assert(
    fc.property(
      fc.array(vectors, { maxLength: 8 }).chain((all) =>
        fc.tuple(
          fc.constant(all),
          fc.shuffledSubarray(
            all.map((vector, index) => item(index, vector)),
            { minLength: all.length },
          ),
        ),
      ),
      ([all, data]) => expect(decodeEmbeddings({ data }, all.length, DIMENSIONS)).toEqual(all),
    ),
  );
});

test('an endpoint that answers with numbers instead of base64 is understood', () => {
  const answer = { data: [{ index: 0, embedding: [1, 2, 3, 4] }] };
  expect(decodeEmbeddings(answer, 1, DIMENSIONS)).toEqual([good]);
});

test('C10: indices may be text, and where there are none the order is that of the texts', () => {
  fc.assert(
    fc.property(fc.array(vectors, { maxLength: 8 }), (all) => {
      const numbered = all.map((vector, index) => ({ ...item(index, vector), index: String(index) }));
      const unnumbered = all.map((vector) => ({ embedding: base64(vector) }));
      const nulls = all.map((vector) => ({ index: null, embedding: base64(vector) }));
      for (const data of [numbered.reverse(), unnumbered, nulls]) {
        expect(decodeEmbeddings({ data }, all.length, DIMENSIONS)).toEqual(all);
      }
    }),
  );
});

test.each<[string, unknown, number, string]>([
  ['a web page', '<html>It works!</html>', 1, 'not a list of embeddings'],
  ['nothing', undefined, 1, 'not a list of embeddings'],
  ['another shape', { embeddings: [] }, 1, 'not a list of embeddings'],
  ['too few', { data: [item(0, good)] }, 2, '1 embeddings for 2 texts'],
  ['too many', { data: [item(0, good), item(1, good)] }, 1, '2 embeddings for 1 texts'],
  ['one twice', { data: [item(0, good), item(0, good)] }, 2, 'none for text 1'],
  ['an index of its own', { data: [item(7, good)] }, 1, 'none for text 0'],
  ['half numbered', { data: [item(0, good), { embedding: base64(good) }] }, 2, 'none for text 1'],
  ['numbered by words', { data: [{ ...item(0, good), index: 'first' }] }, 1, 'not a list of embeddings'],
  ['too short', { data: [item(0, good.slice(1))] }, 1, '3 dimensions instead of 4'],
  ['not floats', { data: [{ index: 0, embedding: 'abcd' }] }, 1, 'not base64 of floats'],
  ['not a number', { data: [item(0, Float32Array.from([1, Number.NaN, 0, 0]))] }, 1, 'not finite'],
  ['infinity', { data: [item(0, Float32Array.from([1, Infinity, 0, 0]))] }, 1, 'not finite'],
  ['zeros', { data: [item(0, new Float32Array(DIMENSIONS))] }, 1, 'all zeros'],
])('an answer that is %s is refused as nonsense', (_what, answer, inputs, finding) => {
  const decode = () => decodeEmbeddings(answer, inputs, DIMENSIONS);
  expect(decode).toThrow('The embedding endpoint answers nonsense.');
  expect(decode).toThrow(finding);
});
