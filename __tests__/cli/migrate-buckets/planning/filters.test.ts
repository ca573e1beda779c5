import { DeleteObjectCommand, PutBucketVersioningCommand } from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { globOf } from '../../../../cli/migrate-buckets/listing/glob';
import { contents, createBucket, put, putDelta } from '../../../support/old-buckets';
import { type CliHarness, startCliHarness } from '../cli-harness';
import { migrationSetting } from '../migration-setting';

/** D21: what --include and --exclude leave out is neither copied, nor counted as proven, nor ever deleted. */
let harness: CliHarness;
beforeAll(async () => {
  harness = await startCliHarness();
});
afterAll(() => harness?.stop());

const etagsOf = (bucket: string) => contents(harness.s3, bucket);
const OBJECTS = {
  'a/keep.txt': 'keep',
  'a/skip.tmp': 'skip it',
  'b/skip.tmp': 'skip',
  'b/again.tmp': 'again',
};
const FILTERS = ['--exclude', '*.tmp', '--include', 'b/again*'];

it('says at each step how much was left out, and is not retired, whatever the mode', async () => {
  const setting = await migrationSetting(harness, OBJECTS);
  const { source, destination, plan } = setting;
  const left_out = { objects: 2, bytes: 11 };
  expect((await setting.makePlan(...FILTERS)).result).toMatchObject({
    exit_code: 0,
    plan: {
      left_out,
      actions: { copy: { objects: 2 } },
      placement: {
        filters: [
          { action: 'exclude', glob: '*.tmp' },
          { action: 'include', glob: 'b/again*' },
        ],
      },
    },
  });
  const said = 'Left out by --include and --exclude, neither copied nor proven: 2 objects (11 B).';
  expect((await harness.run(['show', plan])).stdout).toContain(said);
  const applied = await harness.run(setting.applyArguments);
  expect(applied).toMatchObject({ code: 0 });
  expect(applied.stdout).toContain(said);
  expect(applied.stdout).toContain('It cannot be retired by this plan, which leaves out a part of it.');
  expect([...(await etagsOf(destination)).keys()]).toEqual(['a/keep.txt', 'b/again.tmp']);
  expect((await setting.verify()).result).toMatchObject({ proven: true, objects: 2, left_out });
  const before = await etagsOf(source);
  for (const mode of ['soft', 'empty-keep', 'delete']) {
    const refused = await setting.retire('--mode', mode, '--accept-idle');
    expect(refused).toMatchObject({ code: 6, result: { retired: null, inventory: { left_out } } });
    expect(refused.result.gates).toContainEqual({
      name: 'proven',
      passed: false,
      overridden: false,
      evidence: `2 objects of ${source} were left out of this plan (--include, --exclude): nothing shows that ${destination} holds them. Unfreeze, then plan again without --exclude, or keep all of it with plan --archive ${source}.`,
    });
  }
  expect(await etagsOf(source)).toEqual(before);
});

it('says of a certificate that it is of a part of the source, as long as there is one', async () => {
  const setting = await migrationSetting(harness, { 'a.tmp': 'left', b: 'taken' });
  const certify = async (file: string) => {
    expect((await harness.json('verify', setting.plan, '--certificate', file)).code).toBe(0);
    const { code, stdout } = await harness.run(['verify', '--against', file]);
    expect(code).toBe(0);
    const check = await harness.json('verify', '--against', file);
    return { stdout, certificate: check.result.certificate };
  };
  expect((await setting.makePlan(...FILTERS)).code).toBe(0);
  expect((await setting.apply()).code).toBe(0);
  const { stdout, certificate } = await certify('part.json');
  expect(certificate).toMatchObject({ left_out: { objects: 1, bytes: 4 } });
  expect(stdout).toContain(
    `It is of a part of ${setting.source}: 1 object (4 B) of it, left out of the plan by --include and --exclude, is not certified.`,
  );

  expect((await harness.json('unfreeze', setting.plan)).code).toBe(0);
  expect((await setting.makePlan()).code).toBe(0);
  expect((await setting.apply()).code).toBe(0);
  const whole = await certify('whole.json');
  expect(whole.certificate).not.toHaveProperty('left_out');
  expect(whole.stdout).not.toContain('It is of a part');
});

it('never brings anything that is left out to the destination, nor deletes it at the source', async () => {
  const part = fc.constantFrom('a', 'b', '/', '.tmp', '[', '*', 'ü');
  const key = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => `k${parts.join('')}`);
  const glob = fc
    .array(fc.constantFrom('k', 'a', 'b', '/', '*', '?', '[ab]', '[!a]', '.tmp', 'ü'), {
      minLength: 1,
      maxLength: 4,
    })
    .map((parts) => `*${parts.join('')}`);
  const bucket = fc.uniqueArray(key, { minLength: 1, maxLength: 10 });
  const filters = fc.array(fc.tuple(fc.constantFrom('exclude', 'include'), glob), { maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(bucket, filters, glob, fc.boolean(), async (keys, more, first, versioned) => {
      const setting = await migrationSetting(harness, Object.fromEntries(keys.map((each) => [each, each])));
      const { source, destination } = setting;
      if (versioned) {
        const VersioningConfiguration = { Status: 'Enabled' } as const;
        await harness.s3.send(new PutBucketVersioningCommand({ Bucket: source, VersioningConfiguration }));
      }
      const given = [['exclude', first] as const, ...more];
      const isTaken = (each: string) =>
        given.findLast(([, pattern]) => globOf(pattern).test(each))?.[0] !== 'exclude';
      const left = keys.filter((each) => !isTaken(each));
      const options = given.flatMap(([action, pattern]) => [`--${action}`, pattern]);
      expect(await setting.makePlan(...options)).toMatchObject({ code: 0 });
      expect(await setting.apply()).toMatchObject({ code: 0 });
      expect(new Set((await etagsOf(destination)).keys())).toEqual(new Set(keys.filter(isTaken)));
      const purge = versioned ? ['--purge'] : [];
      const { code } = await setting.retire('--accept-idle', ...purge);
      expect(code).toBe(left.length > 0 ? 6 : 0);
      const kept = [...(await etagsOf(source)).keys()];
      expect(new Set(kept)).toEqual(new Set(left.length > 0 ? keys : []));
    }),
    { numRuns: 3 },
  );
});

it('is not retired where only an older version was left out', async () => {
  const setting = await migrationSetting(harness, { 'a/keep.txt': 'keep' });
  const { source } = setting;
  const VersioningConfiguration = { Status: 'Enabled' } as const;
  await harness.s3.send(new PutBucketVersioningCommand({ Bucket: source, VersioningConfiguration }));
  await put(harness.s3, source, 'b/hidden.tmp', 'hidden');
  await harness.s3.send(new DeleteObjectCommand({ Bucket: source, Key: 'b/hidden.tmp' }));
  await setting.makePlan('--exclude', '*.tmp');
  await setting.apply();
  const refused = await setting.retire('--purge', '--accept-idle');
  expect(refused).toMatchObject({ code: 6, result: { retired: null } });
  expect(refused.result.gates).toContainEqual(
    expect.objectContaining({
      name: 'proven',
      passed: false,
      evidence: expect.stringMatching(/^\d older versions? of .* left out of this plan/),
    }),
  );
});

it('goes back with what the pipeline wrote under what is left out, too', async () => {
  const setting = await migrationSetting(harness, OBJECTS);
  await setting.makePlan('--exclude', 'lines/*');
  await setting.apply();
  await put(harness.s3, setting.destination, 'lines/delta/new/delta.arrow', 'new');
  const back = await harness.json('rollback', setting.plan, '--copy-back', '--confirm', setting.source);
  expect(back.result).toMatchObject({ exit_code: 0, copied: 1 });
});

it('works with --archive, and with a source for each collection', async () => {
  const [old, fresh] = ['filtered-archive', 'filtered-new'];
  for (const bucket of [old, fresh]) await createBucket(harness.s3, bucket);
  for (const [key, body] of Object.entries(OBJECTS)) await put(harness.s3, old, key, body);
  const { result } = await harness.json('plan', '--archive', old, '--dest', fresh, ...FILTERS);
  expect(result).toMatchObject({ exit_code: 0, plan: { left_out: { objects: 2 } } });
  await harness.json('apply', `archive-${old}.json`, '--confirm', old, '--settle', '0');
  expect([...(await etagsOf(fresh)).keys()]).toEqual([
    `archive/${old}/a/keep.txt`,
    `archive/${old}/b/again.tmp`,
  ]);
});

it('is refused where it would part a pointer from its snapshot', async () => {
  const pointer = 'lines/snapshot/latest-pointer.txt';
  const version = '20260101_000000';
  const archive = `lines/snapshot/timestamped/${version}/snapshot.tar.gz`;
  const setting = await migrationSetting(harness, { [pointer]: version, [archive]: 'archive' });
  const refused = await setting.makePlan('--exclude', '*.tar.gz');
  expect(refused).toMatchObject({ code: 6 });
  expect(refused.result.message).toContain(
    `The plan would take ${pointer}, and leave out ${archive} of the snapshot ${version} that it names.`,
  );
  expect(await setting.makePlan('--exclude', 'lines/snapshot/*')).toMatchObject({ code: 0 });
});

it('is told that an --include alone changes nothing', async () => {
  const { code, stderr } = await harness.run(['plan', '--dest', 'new', '--include', 'a/*', '--exclude', 'b']);
  expect(code).toBe(2);
  expect(stderr.replaceAll(/\s+/g, ' ')).toContain("To take this alone: --exclude '*' --include 'a/*'.");
});

it('leaves out no delta that only a losing bucket holds, unless its loss is accepted', async () => {
  const [truth, other, fresh] = ['filter-truth', 'filter-other', 'filter-new'];
  for (const bucket of [truth, other, fresh]) await createBucket(harness.s3, bucket);
  await put(harness.s3, truth, 'ocr/a.json', '{}');
  await putDelta(harness.s3, other, 'lines', 'run-9');
  const { code, events } = await harness.run([
    ...['plan', '--source', truth, '--dest', fresh, '--bucket', truth, '--bucket', other],
    ...['--include-stranded', '--exclude', 'lines/delta/*', '--out', 'filter-stranded.json', '--json'],
  ]);
  expect([code, events.at(-1)?.message]).toEqual([
    6,
    expect.stringMatching(
      /^1 delta that nobody compacted lies only in a losing bucket, and --exclude leaves/,
    ),
  ]);
});
