import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DeleteObjectCommand, PutBucketVersioningCommand } from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { makeSnapshot } from '../../../support/chroma-snapshots';
import { contents, createBucket, put, putDecoys, putDelta, putSnapshot } from '../../../support/old-buckets';
import { key } from '../arbitrary-listings';
import { type CliHarness, startCliHarness } from '../cli-harness';

/** B7: what is left of the losing bucket is kept under `archive/{bucket}/`, so that it, too, can be retired. */
let harness: CliHarness;
beforeAll(async () => {
  harness = await startCliHarness();
});
afterAll(() => harness?.stop());

/** What S3 and its requests carry badly, and what lies in an archive already. */
const ODD = [
  'a b+c%2F&d',
  'ä/ö/ü',
  '𝒳/\u{10ffff}',
  'x//y',
  './z',
  'quote"\'<&>',
  'archive/',
  '\u{fffd}',
  'c\u0001',
];

let number = 0;

/** Two buckets that were written to at the same time, and an empty one. */
async function splitBrain({ versioned = false } = {}) {
  const [winner, loser, fresh] = [`winner-${++number}`, `loser-${number}`, `fresh-${number}`];
  const { s3 } = harness;
  for (const bucket of [winner, loser, fresh]) await createBucket(s3, bucket);
  if (versioned) {
    const VersioningConfiguration = { Status: 'Enabled' } as const;
    await s3.send(new PutBucketVersioningCommand({ Bucket: loser, VersioningConfiguration }));
  }
  const [few, many] = await Promise.all([makeSnapshot(1), makeSnapshot(9)]);
  await putSnapshot(s3, winner, 'lines', '20260202_000000', many);
  await putSnapshot(s3, loser, 'lines', '20260101_000000', few);
  await putDecoys(s3, loser);
  await putDelta(s3, winner, 'words', 'won');
  await putDelta(s3, loser, 'words', 'lost');
  for (const odd of [...ODD, `archive/${loser}/lines/snapshot/latest-pointer.txt`])
    await put(s3, loser, odd, odd);
  const archive = `archive-${loser}.json`;
  const plan = (...more: string[]) => harness.json('plan', '--archive', loser, '--dest', fresh, ...more);
  const apply = (path: string, source: string) =>
    harness.json('apply', path, '--confirm', source, '--settle', '0');
  const retire = (path: string, source: string, ...more: string[]) =>
    harness.json(
      ...['retire', path, '--soak', '0', '--accept-unchecked', 'state', '--confirm', source, ...more],
    );
  return { winner, loser, fresh, archive, plan, apply, retire };
}

const etagsOf = async (bucket: string, but = 'no prefix') =>
  [...(await contents(harness.s3, bucket))].filter(([each]) => !each.startsWith(but));

describe.each([{ versioned: false }, { versioned: true }])('Of a split brain (%j)', (setting) => {
  it('both old buckets are retired, and the new one holds all of both', async () => {
    const { winner, loser, fresh, archive, plan, apply, retire } = await splitBrain(setting);
    const [won, lost] = [await etagsOf(winner), await etagsOf(loser)];
    const main = `main-${winner}.json`;
    const named = ['--bucket', winner, '--bucket', loser, '--source', winner, '--dest', fresh];
    expect(await harness.json('plan', ...named, '--include-stranded', '--out', main)).toMatchObject({
      code: 0,
    });
    const planned = await plan();
    expect(planned).toMatchObject({
      code: 0,
      result: {
        path: archive,
        plan: { source: loser, placement: { archived: [''], live: [] } },
        authority: { winner: null, buckets: [] },
      },
    });
    expect(await apply(main, winner)).toMatchObject({ code: 0 });
    expect(await apply(archive, loser)).toMatchObject({ code: 0 });
    const live = await etagsOf(fresh, 'archive/');
    // As after a kill: what is there is there.
    expect((await apply(archive, loser)).result).toMatchObject({ exit_code: 0, copied: 0 });
    expect((await harness.json('verify', archive)).result).toMatchObject({ proven: true, extra: 0 });

    const purge = setting.versioned ? ['--purge'] : [];
    const retired = await retire(archive, loser, ...purge);
    expect(retired.result).toMatchObject({ exit_code: 0, retired: { left: { versions: 0 }, failed: [] } });
    expect(retired.result.gates).toContainEqual({
      name: 'in-use',
      passed: true,
      overridden: false,
      evidence: `Nobody is to use what is kept under archive/${loser}/ of ${fresh}.`,
    });
    expect(await retire(main, winner, '--accept-idle')).toMatchObject({ code: 0 });

    expect(await etagsOf(winner)).toEqual([]);
    expect(await etagsOf(loser)).toEqual([]);
    const held = new Map(await etagsOf(fresh));
    expect(await etagsOf(fresh, 'archive/')).toEqual(live);
    for (const [each, etag] of won) expect(held.get(each)).toEqual(etag);
    for (const [each, etag] of lost) {
      if (/placeholder|latest\/pointer/.test(each)) continue;
      expect([each, held.get(`archive/${loser}/${each}`)]).toEqual([each, etag]);
    }
  });
});

it('A9: keeps its source while deltas of that would be in no collection, unless they are given up by name', async () => {
  const { winner, loser, fresh, archive, plan, apply, retire } = await splitBrain();
  // The truth has a snapshot of the lines: this one came after it.
  const late = await putDelta(harness.s3, loser, 'lines', 'late').then(() => 'lines/delta/late/delta.tar.gz');
  const lost = [late, 'words/delta/lost/delta.tar.gz'];
  await writeFile(join(harness.folder, 'losses.txt'), `${lost.join('\n')}\n`);
  const main = `main-${winner}.json`;
  const named = ['--bucket', winner, '--bucket', loser, '--source', winner, '--dest', fresh];
  await harness.json('plan', ...named, '--accept-loss', 'losses.txt', '--out', main);
  await plan();
  expect(await apply(main, winner)).toMatchObject({ code: 0 });
  expect(await apply(archive, loser)).toMatchObject({ code: 0 });
  const deltasOf = ({ result }: Awaited<ReturnType<typeof retire>>) =>
    (result.gates as { name: string }[]).find(({ name }) => name === 'deltas');
  const before = await etagsOf(loser);

  const refused = await retire(archive, loser);
  expect(refused).toMatchObject({ code: 6, result: { retired: null } });
  expect(deltasOf(refused)).toMatchObject({
    passed: false,
    evidence: expect.stringContaining(lost.join(', ')),
  });
  // Other bytes under its key are not it.
  await put(harness.s3, fresh, late, 'delta LATE');
  expect(await retire(archive, loser)).toMatchObject({ code: 6 });
  expect(await etagsOf(loser)).toEqual(before);
  await put(harness.s3, fresh, late, 'delta late');
  const one = await retire(archive, loser, '--dry-run');
  expect(deltasOf(one)).toMatchObject({ passed: false, evidence: expect.not.stringContaining(late) });

  const retired = await retire(archive, loser, '--accept-loss', 'losses.txt');
  expect(retired).toMatchObject({ code: 0 });
  expect(deltasOf(retired)).toMatchObject({ passed: true, overridden: true });
  expect(await etagsOf(loser)).toEqual([]);
});

it('is refused over what somebody else put there, and named by the key that it has there', async () => {
  const { loser, fresh, plan } = await splitBrain();
  const taken = `archive/${loser}/lines/snapshot/latest-pointer.txt`;
  await put(harness.s3, fresh, taken, 'somebody else');
  const refused = await plan();
  expect(refused).toMatchObject({ code: 6 });
  expect(refused.result.message).toContain(`${fresh} holds something else under 1 key (${taken})`);
});

it('stops at what somebody puts there meanwhile, and overwrites nothing', async () => {
  const { loser, fresh, archive, plan, apply } = await splitBrain();
  await plan();
  const taken = `archive/${loser}/words/delta/lost/delta.tar.gz`;
  await put(harness.s3, fresh, taken, 'somebody else');
  const stopped = await apply(archive, loser);
  expect(stopped).toMatchObject({ code: 5 });
  expect(stopped.result.message).toContain(taken);
  expect(await etagsOf(fresh)).toHaveLength(1);
});

it('leaves at the source what the archive has lost, by name', async () => {
  const { loser, fresh, archive, plan, apply, retire } = await splitBrain();
  await plan();
  await apply(archive, loser);
  const lost = `archive/${loser}/lines/snapshot/latest-pointer.txt`;
  // Another pointer is no newer one: nobody follows it here.
  await put(harness.s3, fresh, lost, '20260101_000001');
  const before = await etagsOf(loser);
  const refused = await retire(archive, loser);
  expect(refused).toMatchObject({ code: 6, result: { retired: null } });
  expect(refused.result.gates).toContainEqual(
    expect.objectContaining({
      name: 'proven',
      passed: false,
      evidence: expect.stringContaining('lines/snapshot/latest-pointer.txt'),
    }),
  );
  expect(await etagsOf(loser)).toEqual(before);
});

it('goes back to the source with what was put into the archive since', async () => {
  const { loser, fresh, archive, plan, apply } = await splitBrain();
  await plan();
  await apply(archive, loser);
  await put(harness.s3, fresh, `archive/${loser}/late`, 'late');
  await put(harness.s3, fresh, 'live/late', 'live');
  const back = await harness.json('rollback', archive, '--copy-back', '--confirm', loser);
  expect(back.result).toMatchObject({ exit_code: 0, copied: 1, left_count: 0 });
  const held = new Map(await etagsOf(loser));
  expect(held.has('late')).toBe(true);
  expect(held.has('live/late')).toBe(false);
});

it('never touches a key outside of the archive, whatever the buckets hold', async () => {
  const body = fc.constantFrom('a', 'b');
  const bucket = fc.dictionary(key, body, { maxKeys: 8, noNullPrototype: true });
  await fc.assert(
    fc.asyncProperty(bucket, bucket, async (lost, live) => {
      const [loser, fresh] = [`loser-${++number}`, `fresh-${number}`];
      for (const each of [loser, fresh]) await createBucket(harness.s3, each);
      for (const [name, text] of Object.entries(lost)) await put(harness.s3, loser, name, text);
      // Under the same keys, too.
      for (const name of Object.keys(lost)) await put(harness.s3, fresh, name, 'live');
      for (const [name, text] of Object.entries(live)) await put(harness.s3, fresh, name, text);
      const before = await etagsOf(fresh);
      const path = `archive-${loser}.json`;
      expect(await harness.json('plan', '--archive', loser, '--dest', fresh)).toMatchObject({ code: 0 });
      expect(await harness.json('apply', path, '--confirm', loser, '--settle', '0')).toMatchObject({
        code: 0,
      });
      expect(await etagsOf(fresh, `archive/${loser}/`)).toEqual(before);
    }),
    { numRuns: 3 },
  );
});

it('refuses keys that would be too long there, and names them', async () => {
  const { loser, plan } = await splitBrain();
  await put(harness.s3, loser, 'k'.repeat(1024), 'long');
  const refused = await plan();
  expect(refused).toMatchObject({ code: 6 });
  expect(refused.result.message).toContain(`would be too long under archive/${loser}/`);
});

it('B10: says of a key that came after the plan, and would be too long there, what to do about it', async () => {
  const { loser, archive, plan, apply } = await splitBrain();
  expect((await plan()).code).toBe(0);
  const key = 'k'.repeat(1024);
  await put(harness.s3, loser, key, 'long');
  const stopped = await harness.json(
    ...['apply', archive, '--confirm', loser, '--settle', '0', '--allow-source-changes'],
  );
  expect(stopped).toMatchObject({
    code: 7,
    result: {
      failed: [{ key, message: expect.stringContaining(`would be too long under archive/${loser}/ of`) }],
    },
  });
  await harness.s3.send(new DeleteObjectCommand({ Bucket: loser, Key: key }));
  expect((await apply(archive, loser)).code).toBe(0);
});

it.each([['--source', 'another'], ['--include-stranded'], ['--accept-loss', 'losses.txt']])(
  'does not go with %s',
  async (...option) => {
    const { code, stderr } = await harness.run(['plan', '--archive', 'old', '--dest', 'new', ...option]);
    expect(code).toBe(2);
    expect(stderr).toContain(`--archive keeps all of old as it is, so ${option[0]} does not go with it.`);
  },
);

it('cannot be made by a plan that somebody altered', async () => {
  const { loser, archive, plan, apply } = await splitBrain();
  await plan();
  const made = JSON.parse(await harness.read(archive));
  await writeFile(
    join(harness.folder, archive),
    JSON.stringify({ ...made, placement: { archived: [], live: [] } }),
  );
  expect(await apply(archive, loser)).toMatchObject({ code: 5 });
  expect(await harness.json('verify', archive)).toMatchObject({ code: 5 });
  expect(await harness.json('rollback', archive, '--confirm', loser)).toMatchObject({ code: 5 });
});
