import { randomUUID } from 'node:crypto';
import { DeleteBucketCommand, DeleteObjectCommand } from '@aws-sdk/client-s3';
import { proves } from '../../../../cli/migrate-buckets/planning/proven-marks';
import { ALL_LIVE, type PlacementRules } from '../../../../contracts/migrate-buckets/plan';
import { contents, createBucket, put } from '../../../support/old-buckets';
import { type CliHarness, startCliHarness } from '../cli-harness';

/** A6: what a plan proved at the destination is never overwritten by another, whose source has the same name. */
let harness: CliHarness;
beforeAll(async () => {
  harness = await startCliHarness();
});
afterAll(() => harness?.stop());
afterEach(() => harness.admin.clearFaults());

const [KEY, OTHER] = ['ocr/a.json', 'ocr/b.json'];

const deleteOf = (Bucket: string, Key: string) => new DeleteObjectCommand({ Bucket, Key });

async function buckets(objects: Record<string, string> = { [KEY]: 'first', [OTHER]: 'same' }) {
  const id = randomUUID().slice(0, 8);
  const [old, fresh] = [`old-${id}`, `fresh-${id}`];
  const fill = async (held: Record<string, string>) => {
    await createBucket(harness.s3, old);
    for (const [key, body] of Object.entries(held)) await put(harness.s3, old, key, body);
  };
  await createBucket(harness.s3, fresh);
  await fill(objects);
  const plan = (path: string, ...more: string[]) =>
    harness.json('plan', '--dest', fresh, '--out', `${id}-${path}`, ...more);
  const archive = (path: string, ...more: string[]) => plan(path, '--archive', old, ...more);
  const apply = (path: string, ...more: string[]) =>
    harness.json('apply', `${id}-${path}`, '--confirm', old, '--settle', '0', ...more);
  const retire = (path: string, ...more: string[]) =>
    harness.json(
      ...['retire', `${id}-${path}`, '--soak', '0', '--accept-unchecked', 'state', '--accept-idle'],
      ...['--confirm', old, '--mode', 'delete', ...more],
    );
  const held = () => contents(harness.s3, fresh);
  return { id, old, fresh, fill, plan, archive, apply, retire, held };
}

it('A6: a second bucket of the same name never overwrites the first archive, and goes to a folder that is named', async () => {
  const { id, old, fresh, fill, archive, apply, retire, held } = await buckets();
  expect((await archive('one.json')).code).toBe(0);
  expect((await apply('one.json')).code).toBe(0);
  expect((await retire('one.json')).code).toBe(0);
  const first = await held();
  await fill({ [KEY]: 'second', [OTHER]: 'same' });
  for (const overwrite of [[], ['--overwrite']]) {
    const refused = await archive('two.json', ...overwrite);
    expect(refused.code).toBe(6);
    expect(refused.result.message).toContain(`${fresh} keeps 1 key (archive/${old}/${KEY}).`);
    expect(refused.result.message).toContain(`${id}-one.json`);
    expect(refused.result.message).toContain(`plan --archive ${old} --archive-as NAME`);
  }
  const named = await archive('two.json', '--archive-as', 'again');
  expect(named).toMatchObject({ code: 0, result: { plan: { placement: { folder: 'again' } } } });
  expect((await apply('two.json')).code).toBe(0);
  const certificate = `${id}-certificate.json`;
  expect((await harness.json('verify', `${id}-two.json`, '--certificate', certificate)).code).toBe(0);
  expect((await retire('two.json')).code).toBe(0);
  expect((await harness.json('verify', '--against', certificate)).code).toBe(0);
  const both = await held();
  for (const [key, etag] of first) if (!key.startsWith('.')) expect(both.get(key)).toBe(etag);
  expect(both.has(`archive/again/${KEY}`)).toBe(true);
  const { stdout } = await harness.run(['show', `${id}-two.json`]);
  expect(stdout).toContain(`All of ${old} goes under archive/again/ of ${fresh}.`);
});

it('A6: nor does an apply whose plan is older than the retirement of the other, or that takes what came since', async () => {
  const { id, old, fill, plan, archive, apply, retire, held } = await buckets();
  expect((await archive('one.json')).code).toBe(0);
  expect((await apply('one.json')).code).toBe(0);
  // Made while the first one's source is still there.
  const other = `other-${id}`;
  await createBucket(harness.s3, other);
  await put(harness.s3, other, `archive/${old}/${KEY}`, 'of another');
  const source = ['--source', other, '--bucket', other];
  expect((await plan('two.json', ...source, '--overwrite')).code).toBe(0);
  expect((await retire('one.json')).code).toBe(0);
  const first = await held();
  const applied = await harness.json('apply', `${id}-two.json`, '--confirm', other, '--settle', '0');
  expect(applied.code).toBe(7);
  expect(applied.result.failed).toMatchObject([{ message: expect.stringContaining(`${id}-one.json`) }]);
  expect((await held()).get(`archive/${old}/${KEY}`)).toBe(first.get(`archive/${old}/${KEY}`));

  // What is the same is kept, and becomes another one meanwhile.
  await fill({ [OTHER]: 'same' });
  expect((await archive('three.json')).code).toBe(0);
  await put(harness.s3, old, OTHER, 'changed');
  expect((await apply('three.json', '--allow-source-changes')).code).toBe(7);
  expect((await held()).get(`archive/${old}/${OTHER}`)).toBe(first.get(`archive/${old}/${OTHER}`));
});

it('A6: a retirement that broke off goes on with what its source became since; a bucket made anew does not', async () => {
  const { id, old, fill, plan, archive, apply, retire, held } = await buckets();
  expect((await archive('one.json')).code).toBe(0);
  expect((await apply('one.json')).code).toBe(0);
  await harness.admin.inject({ operation: 'DeleteObjects', fail: 'AccessDenied', times: 0 });
  expect((await retire('one.json')).code).not.toBe(0);
  await harness.admin.clearFaults();
  expect((await harness.json('unfreeze', `${id}-one.json`)).code).toBe(0);
  await put(harness.s3, old, KEY, 'newer');
  expect((await archive('two.json', '--overwrite')).code).toBe(0);
  expect((await apply('two.json')).code).toBe(0);
  const before = await held();
  await harness.json('unfreeze', `${id}-two.json`);
  for (const key of [KEY, OTHER]) await harness.s3.send(deleteOf(old, key));
  await harness.s3.send(new DeleteBucketCommand({ Bucket: old }));
  await fill({ [OTHER]: 'of the new one' });
  expect((await archive('three.json', '--overwrite')).code).toBe(6);
  expect((await plan('four.json', '--source', old, '--bucket', old)).code).toBe(0);
  expect((await held()).get(`archive/${old}/${OTHER}`)).toBe(before.get(`archive/${old}/${OTHER}`));
});

describe('A6: a mark speaks for', () => {
  const mark = (placement: PlacementRules, archives: readonly string[] = []) => ({
    mark: {
      version: 1 as const,
      source: 'old',
      plan: 'plan.json',
      plan_digest: 'd',
      by: 'me@here',
      placement,
      archives: [...archives],
    },
    at: 1000,
  });
  const archived = mark({ archived: [''], live: [] }, ['archive/old/']);
  const speaks = (kept: ReturnType<typeof mark>, key: string, modified = 1000) =>
    proves(kept, { key, modified });

  it('what lay there when it was left, and nothing that came since', () => {
    expect(speaks(archived, 'archive/old/a', 1000)).toBe(true);
    expect(speaks(archived, 'archive/old/a', 1001)).toBe(false);
  });

  it('the places of its own objects alone', () => {
    expect(speaks(archived, 'archive/other/a')).toBe(false);
    expect(speaks(archived, 'a')).toBe(false);
    const live = mark(ALL_LIVE, ['archive/mine/']);
    expect(speaks(live, 'a')).toBe(true);
    expect(speaks(live, 'archive/mine/a')).toBe(true);
    expect(speaks(live, 'archive/old/a')).toBe(false);
    const lines = mark({ archived: ['words/'], live: [] });
    expect(speaks(lines, 'lines/a')).toBe(true);
    expect(speaks(lines, 'words/a')).toBe(false);
  });
});

it.each(['', '.', '..', 'a/b', '.hidden', 'a b', 'ä', 'x'.repeat(256)])(
  'A6: %j is not the name of a folder',
  async (name) => {
    const { code } = await harness.run(['plan', '--archive', 'old', '--archive-as', name, '--dest', 'new']);
    expect(code).toBe(2);
  },
);

it('A6: a folder is named for an archive alone', async () => {
  const { code, stderr } = await harness.run(['plan', '--archive-as', 'x', '--dest', 'new']);
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: '--archive-as names where --archive NAME keeps a bucket: give both.\n',
  });
});
