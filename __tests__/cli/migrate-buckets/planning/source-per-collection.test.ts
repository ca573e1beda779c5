import fc from 'fast-check';
import { isDecoyKey } from '../../../../contracts/bucket-layout';
import { COLLECTIONS } from '../../../../contracts/collections';
import { contents, createBucket, put } from '../../../support/old-buckets';
import { type CliHarness, startCliHarness } from '../cli-harness';

/** B7: each collection has a truth of its own, in a bucket of its own. */
let harness: CliHarness;
beforeAll(async () => {
  harness = await startCliHarness();
});
afterAll(() => harness?.stop());

let number = 0;
async function buckets() {
  const [a, b, fresh] = [`a-${++number}`, `b-${number}`, `fresh-${number}`];
  for (const bucket of [a, b, fresh]) await createBucket(harness.s3, bucket);
  const plan = (...more: string[]) =>
    harness.json(
      ...['plan', '--source', `lines=${a}`, '--source', `words=${b}`, '--dest', fresh],
      ...['--bucket', a, '--out', `plan-${number}.json`, ...more],
    );
  return { a, b, fresh, plan, ofA: `plan-${number}-${a}.json`, ofB: `plan-${number}-${b}.json` };
}

const etagsOf = async (bucket: string) => new Map(await contents(harness.s3, bucket));

const prefix = fc.constantFrom(
  ...COLLECTIONS.flatMap((each) => [`${each}/snapshot/timestamped/20260101_000000/`, `${each}/delta/`]),
  ...['ocr/', '', 'lines/', 'archive/'],
);
const key = fc
  .tuple(prefix, fc.string({ unit: 'binary', minLength: 1, maxLength: 4 }))
  .map((parts) => parts.join(''));
const held = fc.dictionary(key, fc.constantFrom('x', 'y'), {
  minKeys: 3,
  maxKeys: 12,
  noNullPrototype: true,
});

it('ends with each collection live as its source had it, all else kept, and both old buckets retired', async () => {
  await fc.assert(
    fc.asyncProperty(held, held, async (ours, theirs) => {
      const { a, b, fresh, plan, ofA, ofB } = await buckets();
      for (const [bucket, objects] of [
        [a, ours],
        [b, theirs],
      ] as const) {
        for (const [name, body] of Object.entries(objects)) await put(harness.s3, bucket, name, body);
        for (const collection of COLLECTIONS) {
          await put(harness.s3, bucket, `${collection}/snapshot/latest-pointer.txt`, `of ${bucket}`);
          await put(harness.s3, bucket, `${collection}/delta/.placeholder`, '');
        }
        // What each keeps may meet what the other brings.
        await put(harness.s3, bucket, `archive/${a}/words/snapshot/latest-pointer.txt`, `in ${bucket}`);
        await put(harness.s3, bucket, `archive/${b}/lines/snapshot/latest-pointer.txt`, `in ${bucket}`);
        await put(harness.s3, bucket, 'ocr/same', `in ${bucket}`);
      }
      const [ofOurs, ofTheirs] = [await etagsOf(a), await etagsOf(b)];
      expect((await plan('--include-stranded')).result).toMatchObject({
        exit_code: 0,
        path: ofA,
        plan: { source: a },
        further: [{ path: ofB, plan: { source: b } }],
      });
      for (const [path, source] of [
        [ofB, b],
        [ofA, a],
      ] as const) {
        const applied = await harness.json('apply', path, '--confirm', source, '--settle', '0');
        expect(applied.result).toMatchObject({ exit_code: 0, verification: { problem_count: 0 } });
      }
      const there = await etagsOf(fresh);
      for (const [path, source] of [
        [ofA, a],
        [ofB, b],
      ] as const) {
        const retired = await harness.json(
          ...['retire', path, '--soak', '0', '--accept-unchecked', 'state', '--accept-idle'],
          ...['--confirm', source],
        );
        expect(retired.result).toMatchObject({ exit_code: 0, retired: { failed_count: 0 } });
        expect(await etagsOf(source)).toEqual(new Map());
      }
      expect(await etagsOf(fresh)).toEqual(there);

      const isOf = (collection: string) => (name: string) =>
        [`${collection}/snapshot/`, `${collection}/delta/`].some((each) => name.startsWith(each));
      const data = (from: ReadonlyMap<string, unknown>, belongs: (name: string) => boolean) =>
        new Map([...from].filter(([name]) => belongs(name) && !isDecoyKey(name)));
      // Stranded deltas of the other bucket are taken along: of those that the source has, none differs.
      const lines = data(there, isOf('lines'));
      for (const [name, etag] of data(ofOurs, isOf('lines'))) expect(lines.get(name)).toEqual(etag);
      for (const name of lines.keys()) expect(ofOurs.has(name) || name.startsWith('lines/delta/')).toBe(true);
      const words = data(there, isOf('words'));
      for (const [name, etag] of data(ofTheirs, isOf('words'))) expect(words.get(name)).toEqual(etag);
      for (const name of words.keys())
        expect(ofTheirs.has(name) || name.startsWith('words/delta/')).toBe(true);
      // Nothing was lost.
      for (const [bucket, from] of [
        [a, ofOurs],
        [b, ofTheirs],
      ] as const) {
        for (const [name, etag] of data(from, () => true)) {
          expect([there.get(name), there.get(`archive/${bucket}/${name}`)]).toContainEqual(etag);
        }
      }
      expect(there.get('ocr/same')).toEqual(ofOurs.get('ocr/same'));
      expect(there.get(`archive/${b}/ocr/same`)).toEqual(ofTheirs.get('ocr/same'));
    }),
    { numRuns: 2 },
  );
});

it('names on the screen both plans, and what becomes of each bucket', async () => {
  const { a, b, fresh, ofA, ofB } = await buckets();
  await put(harness.s3, a, 'words/snapshot/latest-pointer.txt', 'old');
  const { code, stdout } = await harness.run([
    ...['plan', '--source', `lines=${a}`, '--source', `words=${b}`, '--dest', fresh, '--bucket', a],
    ...['--out', `plan-${number}.json`],
  ]);
  expect(code).toBe(0);
  for (const sentence of [
    `You named ${a} as the source of lines.`,
    `Of ${a}, words/snapshot/, words/delta/, archive/${b}/ go under archive/${a}/ of ${fresh}; all else keeps its key.`,
    `Next: migrate-buckets apply ${ofA}`,
    `You named ${b} as the source of words.`,
    `Of ${b}, words/snapshot/, words/delta/ keep their keys; all else goes under archive/${b}/ of ${fresh}.`,
    `Next: migrate-buckets apply ${ofB}`,
  ]) {
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(sentence);
  }
});

it('tells of each collection what its source lacks, and leaves no plan where deltas would be lost', async () => {
  const { a, b, plan, ofA, ofB } = await buckets();
  await put(harness.s3, a, 'words/delta/late/delta.tar.gz', 'late');
  await put(harness.s3, a, 'lines/delta/ours/delta.tar.gz', 'ours');
  await put(harness.s3, b, 'ocr/x', 'x');
  const refused = await plan();
  expect(refused).toMatchObject({ code: 6 });
  expect(refused.result.message).toContain(`words/delta/late/delta.tar.gz in ${a}`);
  expect(refused.result.message).not.toContain('lines/delta/ours');
  for (const path of [ofA, ofB]) await expect(harness.read(path)).rejects.toThrow('ENOENT');
  const { result } = await plan('--include-stranded');
  expect(result).toMatchObject({
    authority: { stranded: [], left_behind: [{ bucket: b, others: { objects: 1 } }] },
    further: [
      {
        plan: { stranded: { included: 1 } },
        authority: { stranded: [{ bucket: a }], left_behind: [{ bucket: a, others: { objects: 0 } }] },
      },
    ],
  });
});
