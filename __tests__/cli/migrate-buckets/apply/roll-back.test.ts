import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { planFiles } from '../../../../cli/migrate-buckets/plan-files/plan-file';
import { snapshotPointerKey } from '../../../../contracts/bucket-layout';
import { freezeRecordKey, lockObjectKey } from '../../../../contracts/migrate-buckets/own-objects';
import { makeSnapshot } from '../../../support/chroma-snapshots';
import { contents, createBucket, put, putSnapshot, putSnapshotManifest } from '../../../support/old-buckets';
import { type CliHarness, startCliHarness } from '../cli-harness';
import { configuredSetting } from '../freeze/configured-setting';
import { migratedSetting, migrationSetting, numbered } from '../migration-setting';

let harness: CliHarness;
beforeAll(async () => {
  harness = await startCliHarness();
});
afterAll(() => harness?.stop());
afterEach(() => harness.admin.clearFaults());

const textOf = async (Bucket: string, Key: string) =>
  (await harness.s3.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString();
const rollbackOf =
  ({ plan, source }: { plan: string; source: string }) =>
  (...more: string[]) =>
    harness.json('rollback', plan, '--confirm', source, ...more);
const NEW = 'lines/delta/new/delta.arrow';
/** Lets the destination tell of another first freeze, so many seconds after it got this object. */
async function frozenAfter(
  { source, destination }: { source: string; destination: string },
  Key: string,
  seconds: number,
) {
  const record = JSON.parse((await textOf(destination, freezeRecordKey(source))) ?? '');
  const { LastModified } = await harness.s3.send(new HeadObjectCommand({ Bucket: destination, Key }));
  const first_frozen_at = new Date((LastModified?.getTime() ?? 0) + seconds * 1000).toISOString();
  await put(harness.s3, destination, freezeRecordKey(source), JSON.stringify({ ...record, first_frozen_at }));
}

it('goes back to the source: what it was before is put back, and what is only in the destination is named', async () => {
  const setting = await configuredSetting(harness);
  const { source, destination, makePlan, apply, configuration, before } = setting;
  await put(harness.s3, destination, 'theirs/already', 'there before');
  // S3 tells times in whole seconds: the freeze comes in a later one.
  await setTimeout(1100);
  await makePlan();
  expect((await apply()).code).toBe(0);
  await put(harness.s3, destination, NEW, 'written since');
  const { code, result, events } = await rollbackOf(setting)();
  expect({ code, result }).toMatchObject({
    code: 3,
    result: {
      unfrozen: true,
      copied: 0,
      left: [{ key: NEW, message: `It is only in ${destination}.` }],
    },
  });
  expect(events.find(({ event }) => event === 'written-since')?.message).toContain(NEW);
  expect(await configuration()).toEqual(before);
  expect((await contents(harness.s3, source)).has(NEW)).toBe(false);
  // The plan is not verified any more: nothing of the source can be deleted by it.
  expect((await setting.retire('--accept-idle')).code).toBe(6);
  expect((await apply()).code).toBe(0);
});

it('copies back what was written since, overwrites nothing, and says so of what it leaves', async () => {
  const setting = await migratedSetting(harness, numbered(3));
  const { source, destination } = setting;
  const [changed = ''] = Object.keys(numbered(1));
  await put(harness.s3, destination, NEW, 'written since');
  await put(harness.s3, destination, changed, 'somebody changed it');
  const { code, result } = await rollbackOf(setting)('--copy-back');
  expect({ code, result }).toMatchObject({
    code: 3,
    result: {
      copied: 1,
      left: [{ key: changed, message: `${source} holds something else under this key. Look at both.` }],
      left_count: 1,
    },
  });
  expect([await textOf(source, NEW), await textOf(source, changed)]).toEqual(['written since', 'body 0']);
  expect((await rollbackOf(setting)('--copy-back')).result).toMatchObject({ copied: 0, unfrozen: false });
});

it('copies a delta back without the tags by which it would expire: no snapshot of the source covers it', async () => {
  const setting = await migratedSetting(harness, numbered(1));
  const { source, destination, apply } = setting;
  const tags = { 'covered-by-snapshot': 'true', 'covered-by': '20260101_000000', kept: 'yes' };
  const Tagging = new URLSearchParams(tags).toString();
  const body = { Bucket: destination, Body: 'written since', Tagging };
  const other = 'receipts/rows.ndjson';
  for (const Key of [NEW, other]) await harness.s3.send(new PutObjectCommand({ ...body, Key }));
  expect(await rollbackOf(setting)('--copy-back')).toMatchObject({ code: 0, result: { copied: 2 } });
  const tagsOf = async (Key: string) =>
    (await harness.s3.send(new GetObjectTaggingCommand({ Bucket: source, Key }))).TagSet?.map(
      (tag) => tag.Key,
    );
  expect([await tagsOf(NEW), await tagsOf(other)]).toEqual([['kept'], Object.keys(tags)]);
  expect((await apply('--allow-source-changes')).code).toBe(0);
});

it('still copies back what was written since the first freeze, whatever was done in between', async () => {
  const between: ((setting: Awaited<ReturnType<typeof migratedSetting>>) => Promise<unknown>)[] = [
    (setting) => rollbackOf(setting)(),
    ({ plan }) => harness.json('unfreeze', plan),
    ({ apply }) => apply(),
  ];
  const settings: Awaited<ReturnType<typeof migratedSetting>>[] = [];
  for (const _ of between) settings.push(await migratedSetting(harness, numbered(1)));
  for (const { destination } of settings) await put(harness.s3, destination, NEW, 'written since');
  // S3 tells times in whole seconds: what is done in between comes in a later one.
  await setTimeout(1100);
  for (const [index, setting] of settings.entries()) {
    await between[index]?.(setting);
    const { code, result } = await rollbackOf(setting)('--copy-back');
    expect({ index, code, result }).toMatchObject({ index, code: 0, result: { copied: 1, left_count: 0 } });
    expect(await textOf(setting.source, NEW)).toBe('written since');
  }
});

it('takes all that the source lacks for written since where nothing tells when it was frozen first, and says so', async () => {
  const setting = await migratedSetting(harness, numbered(1));
  const { source, destination } = setting;
  const key = freezeRecordKey(source);
  const { first_frozen_at: at, ...older } = JSON.parse((await textOf(destination, key)) ?? '');
  expect(at).toMatch(/^20/);
  await put(harness.s3, destination, key, JSON.stringify(older));
  await put(harness.s3, destination, NEW, 'written since');
  await setTimeout(1100);
  expect((await harness.json('unfreeze', setting.plan)).code).toBe(0);
  // What an older release kept does not become a first freeze by another one.
  expect((await setting.apply()).code).toBe(0);
  const { code, result, events } = await rollbackOf(setting)('--copy-back');
  expect({ code, result }).toMatchObject({ code: 0, result: { copied: 1 } });
  const told = events.find(({ event }) => event === 'written-since');
  expect(told).toMatchObject({ since: null, objects: 1 });
  expect(told?.message).toContain(
    `Nothing tells when ${source} was frozen first, so all that it does not hold counts as written since. `,
  );
});

it('takes what was written in the second of the freeze for written since: S3 tells no more of its time', async () => {
  const setting = await migratedSetting(harness, numbered(1));
  await put(harness.s3, setting.destination, NEW, 'written since');
  await frozenAfter(setting, NEW, 0);
  expect(await rollbackOf(setting)('--copy-back')).toMatchObject({
    code: 0,
    result: { copied: 1, left_count: 0 },
  });
});

it('names what the source holds otherwise, even where it was written over before the freeze', async () => {
  const setting = await migratedSetting(harness, numbered(1));
  const { source, destination } = setting;
  const [changed = ''] = Object.keys(numbered(1));
  for (const key of [changed, NEW]) await put(harness.s3, destination, key, 'written before');
  await frozenAfter(setting, NEW, 1);
  expect((await rollbackOf(setting)()).result).toMatchObject({
    left: [{ key: changed, message: `${source} holds something else there.` }],
  });
});

it('takes no copy for written since whose ETag differs, as it was cut anew', async () => {
  const setting = await migrationSetting(harness, { large: 'x'.repeat(5000) });
  const { source, destination, makePlan, apply } = setting;
  await makePlan();
  expect((await apply('--multipart-above', '1000')).code).toBe(0);
  expect(await contents(harness.s3, destination)).not.toEqual(await contents(harness.s3, source));
  expect(await rollbackOf(setting)()).toMatchObject({ code: 0, result: { unfrozen: true, left_count: 0 } });
});

it('rests on no manifest that somebody altered, and leaves the source as it is', async () => {
  const setting = await migratedSetting(harness, numbered(1));
  const { source, destination, plan } = setting;
  await put(harness.s3, destination, NEW, 'written since');
  const { manifest } = planFiles(plan);
  const text = await harness.read(manifest);
  const [line = ''] = text.split('\n');
  // As if it were a stranded delta, which lies elsewhere, too.
  const stranded = { ...JSON.parse(line), key: NEW, bucket: 'loser' };
  await writeFile(join(harness.folder, manifest), `${JSON.stringify(stranded)}\n${text}`);
  expect((await rollbackOf(setting)()).result).toMatchObject({
    exit_code: 5,
    message: expect.stringContaining('is not the manifest that the plan was made with'),
  });
  expect((await harness.json('status', '--source', source)).result).toMatchObject({ frozen: true });
});

it('ends where AWS refuses its credentials, and leaves the source frozen: no object is to blame', async () => {
  const setting = await migratedSetting(harness, numbered(1));
  const { source, destination } = setting;
  await put(harness.s3, destination, NEW, 'written since');
  await harness.admin.inject({ operation: 'CopyObject', bucket: source, fail: 'ExpiredToken', times: 0 });
  const { code, result } = await rollbackOf(setting)('--copy-back');
  expect({ code, message: result.message }).toEqual({
    code: 1,
    message: expect.stringContaining('AWS refused the credentials (ExpiredToken)'),
  });
  expect((await harness.json('status', '--source', source)).result).toMatchObject({ frozen: true });
});

it('moves a pointer back only where its snapshot was built from the one that the source names', async () => {
  const [OLD, NEXT] = ['20260101_000000', '20260303_000000_000000_0123abcd'];
  const full = await makeSnapshot(1);
  const pointer = snapshotPointerKey('lines');
  for (const lineage of [['20250101_000000'], [OLD]]) {
    const setting = await migratedSetting(harness, (name) =>
      putSnapshot(harness.s3, name, 'lines', OLD, full),
    );
    const { source, destination } = setting;
    await putSnapshot(harness.s3, destination, 'lines', NEXT, full);
    await putSnapshotManifest(harness.s3, destination, 'lines', NEXT, { archive: full.archive, lineage });
    const { code, result } = await rollbackOf(setting)('--copy-back');
    const now = await textOf(source, pointer);
    if (lineage.includes(OLD)) expect({ code, now }).toEqual({ code: 0, now: NEXT });
    else {
      const message = expect.stringContaining('without having adopted');
      expect({ code, now }).toEqual({ code: 3, now: OLD });
      expect(result.left).toEqual([{ key: pointer, message }]);
    }
  }
});

it('leaves the pointer where something that it may lead to could not be copied, and unfreezes all the same', async () => {
  const [OLD, NEXT] = ['20260101_000000', '20260303_000000_000000_0123abcd'];
  const full = await makeSnapshot(1);
  const setting = await migratedSetting(harness, (name) => putSnapshot(harness.s3, name, 'lines', OLD, full));
  const { source, destination } = setting;
  await putSnapshot(harness.s3, destination, 'lines', NEXT, full);
  await putSnapshotManifest(harness.s3, destination, 'lines', NEXT, {
    archive: full.archive,
    lineage: [OLD],
  });
  await harness.admin.inject({ operation: 'CopyObject', bucket: source, fail: 'AccessDenied' });
  const { code, result } = await rollbackOf(setting)('--copy-back');
  expect({ code, result }).toMatchObject({ code: 3, result: { unfrozen: true, left_count: 2 } });
  expect(await textOf(source, snapshotPointerKey('lines'))).toBe(OLD);
  expect(await rollbackOf(setting)('--copy-back')).toMatchObject({ code: 0, result: { left_count: 0 } });
  expect(await textOf(source, snapshotPointerKey('lines'))).toBe(NEXT);
});

it('takes no stranded delta for one that was written since', async () => {
  const key = 'lines/delta/stranded/delta.tar.gz';
  const setting = await migrationSetting(harness, numbered(2));
  const loser = await migrationSetting(harness, { [key]: 'only here' });
  const { source, destination, plan } = setting;
  const buckets = ['--bucket', source, '--bucket', loser.source];
  const planned = await harness.json(
    ...['plan', '--source', source, '--dest', destination, '--out', plan, '--include-stranded', ...buckets],
  );
  expect(planned.code).toBe(0);
  expect((await setting.apply()).code).toBe(0);
  expect(await textOf(destination, key)).toBe('only here');
  expect(await rollbackOf(setting)('--copy-back')).toMatchObject({
    code: 0,
    result: { copied: 0, left_count: 0 },
  });
  expect((await contents(harness.s3, source)).has(key)).toBe(false);
});

it('A7: takes nothing that other plans put into the destination for written since, and says how much that is', async () => {
  const setting = await migratedSetting(harness, numbered(1));
  const { source, destination } = setting;
  const [kept, other] = [`kept-${source}`, `other-${source}`];
  for (const bucket of [kept, other]) await createBucket(harness.s3, bucket);
  await put(harness.s3, kept, 'a', 'a');
  await put(harness.s3, kept, 'b', 'b');
  await put(harness.s3, other, 'words/delta/theirs/delta.arrow', 'theirs');
  const plans = [
    ['--archive', kept, kept],
    ['--source', other, other],
  ] as const;
  for (const [how, bucket] of plans) {
    const out = `${bucket}.json`;
    const among = how === '--source' ? ['--bucket', other] : [];
    expect(
      (await harness.json('plan', how, bucket, '--dest', destination, '--out', out, ...among)).code,
    ).toBe(0);
    expect((await harness.json('apply', out, '--confirm', bucket, '--settle', '0')).code).toBe(0);
  }
  await put(harness.s3, destination, NEW, 'written since');
  const others = [
    { place: `archive/${kept}/`, objects: 2 },
    { place: other, objects: 1 },
  ];
  const { code, result, events } = await rollbackOf(setting)('--copy-back');
  expect({ code, result }).toMatchObject({ code: 0, result: { copied: 1, others, left_count: 0 } });
  const told = events.find(({ event }) => event === 'written-since');
  expect(told).toMatchObject({ objects: 1, others });
  expect(told?.message).toContain(
    ` Left out, since other plans put them there: 2 under archive/${kept}/, 1 copied from ${other}.`,
  );
  expect([...(await contents(harness.s3, source)).keys()].sort()).toEqual(
    [...Object.keys(numbered(1)), NEW].sort(),
  );
});

it('A7: still names what was written over what another plan put there, and over what the source itself keeps in an archive', async () => {
  const [ours, theirs] = ['archive/older/a', 'words/delta/theirs/delta.arrow'];
  const setting = await migratedSetting(harness, { ...numbered(1), [ours]: 'ours' });
  const { source, destination } = setting;
  const other = `other-${source}`;
  await createBucket(harness.s3, other);
  await put(harness.s3, other, theirs, 'theirs');
  const out = `${other}.json`;
  const named = ['--source', other, '--bucket', other, '--dest', destination, '--out', out];
  expect((await harness.json('plan', ...named)).code).toBe(0);
  expect((await harness.json('apply', out, '--confirm', other, '--settle', '0')).code).toBe(0);
  for (const key of [ours, theirs]) await put(harness.s3, destination, key, 'written over it');
  const { result } = await rollbackOf(setting)();
  expect(result).toMatchObject({
    others: [],
    left: [
      { key: ours, message: `${source} holds something else there.` },
      { key: theirs, message: `It is only in ${destination}.` },
    ],
  });
});

it('A7: names what is new in an archive that the source keeps, and what it keeps of that no longer', async () => {
  const [planned, later] = ['archive/older/a', 'archive/older/b'];
  const setting = await migratedSetting(harness, { ...numbered(1), [planned]: 'ours' });
  const { source, destination, plan } = setting;
  expect((await harness.json('unfreeze', plan)).code).toBe(0);
  await harness.s3.send(new DeleteObjectCommand({ Bucket: source, Key: planned }));
  await put(harness.s3, destination, planned, 'written over it');
  await put(harness.s3, source, later, 'ours');
  await put(harness.s3, destination, later, 'another');
  expect((await rollbackOf(setting)()).result).toMatchObject({
    others: [],
    left: [
      { key: planned, message: `It is only in ${destination}.` },
      { key: later, message: `${source} holds something else there.` },
    ],
  });
});

it('A7: goes back to what was archived: new is what the source lacks, and a pointer that is archived is none', async () => {
  const [OLD, NEXT] = ['20260101_000000', '20260303_000000_000000_0123abcd'];
  const full = await makeSnapshot(1);
  const pointer = snapshotPointerKey('lines');
  const [loser, fresh] = ['loser-rolled-back', 'fresh-rolled-back'];
  for (const bucket of [loser, fresh]) await createBucket(harness.s3, bucket);
  await putSnapshot(harness.s3, loser, 'lines', OLD, full);
  const plan = `archive-${loser}.json`;
  expect((await harness.json('plan', '--archive', loser, '--dest', fresh)).code).toBe(0);
  expect((await harness.json('apply', plan, '--confirm', loser, '--settle', '0')).code).toBe(0);
  const [added, archived] = [`archive/${loser}/archive/older/a`, `archive/${loser}/${pointer}`];
  await put(harness.s3, fresh, added, 'written since');
  await put(harness.s3, fresh, archived, NEXT);
  expect((await rollbackOf({ plan, source: loser })('--copy-back')).result).toMatchObject({
    copied: 1,
    others: [],
    left: [{ key: archived, message: `${loser} holds something else under this key. Look at both.` }],
  });
  expect(await textOf(loser, 'archive/older/a')).toBe('written since');
  expect(await textOf(loser, pointer)).toBe(OLD);
});

it('looks again under its lock whether the retirement has begun meanwhile', async () => {
  const setting = await migratedSetting(harness, numbered(1));
  const { source, destination, plan } = setting;
  const { digest, created_at } = JSON.parse(await harness.read(plan));
  const record = JSON.parse((await textOf(destination, freezeRecordKey(source))) ?? '');
  const began_at = new Date().toISOString();
  const begun = { plan_digest: digest, planned_at: created_at, by: 'ann@host', began_at, ended_at: null };
  await harness.admin.inject({
    operation: 'PutObject',
    keyPrefix: lockObjectKey(source),
    mutate: {
      put: {
        bucket: destination,
        key: freezeRecordKey(source),
        body: JSON.stringify({ ...record, retirements: [begun] }),
      },
    },
  });
  const { code, result } = await rollbackOf(setting)();
  expect(code).toBe(6);
  expect(result.message).toContain(`The retirement of ${source} has begun`);
  expect((await harness.json('status', '--source', source)).result).toMatchObject({
    frozen: expect.anything(),
  });
});

it('refuses once the retirement has begun, and without the name of the source', async () => {
  const setting = await migratedSetting(harness, numbered(2));
  const { source, destination, plan, retire } = setting;
  expect((await harness.json('rollback', plan, '--confirm', 'another')).code).toBe(6);
  await harness.admin.inject({ operation: 'DeleteObjects', fail: 'AccessDenied', times: 0 });
  expect((await retire('--accept-idle')).code).toBe(1);
  await harness.admin.clearFaults();
  const refused = await rollbackOf(setting)();
  expect(refused).toMatchObject({ code: 6 });
  expect(refused.result.message).toContain(`--source ${destination} --dest ${source}`);
  expect((await retire('--accept-idle')).code).toBe(0);
  expect((await rollbackOf(setting)()).code).toBe(6);
});

it('tells how to go back once the source is gone, and looks for nothing there', async () => {
  const setting = await migratedSetting(harness, numbered(1));
  const { source, destination, retire } = setting;
  expect((await retire('--accept-idle', '--mode', 'delete')).code).toBe(0);
  expect((await rollbackOf(setting)()).result).toMatchObject({
    exit_code: 6,
    message: expect.stringContaining(`make a plan with --source ${destination} --dest ${source}`),
  });
});

it.each(['retiring', 'retired'])(
  'refuses by the state alone while that is %s, where the destination tells of no retirement',
  async (phase) => {
    const setting = await migratedSetting(harness, numbered(1));
    const { source, destination, plan, retire } = setting;
    if (phase === 'retiring') {
      await harness.admin.inject({ operation: 'DeleteObjects', fail: 'AccessDenied', times: 0 });
    }
    await retire('--accept-idle');
    await harness.admin.clearFaults();
    expect(JSON.parse(await harness.read(planFiles(plan).state))).toMatchObject({ phase });
    await harness.s3.send(new DeleteObjectCommand({ Bucket: destination, Key: freezeRecordKey(source) }));
    expect((await rollbackOf(setting)()).result).toMatchObject({
      exit_code: 6,
      message: expect.stringContaining(`The retirement of ${source} has begun`),
    });
  },
);
