import { existsSync } from 'node:fs';
import {
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketVersioningCommand,
} from '@aws-sdk/client-s3';
import { type Held, takeFileLock } from '../../../../cli/migrate-buckets/locks/file-lock';
import { holderOf } from '../../../../cli/migrate-buckets/locks/holder';
import { readState } from '../../../../cli/migrate-buckets/plan-files/state';
import { retirePlan } from '../../../../cli/migrate-buckets/retirement/retire-plan';
import type { Aws } from '../../../../cli/shared/aws/clients';
import { snapshotArchiveKey, snapshotHashKey, snapshotPointerKey } from '../../../../contracts/bucket-layout';
import { useControlPlane } from '../../../support/control-plane';
import { useEmbeddedS3 } from '../../../support/embedded-s3';
import { contents } from '../../../support/old-buckets';
import { useVerifiedSource, type VerifiedSource } from './verified-source';

const OWNER = '000000000000';
const VERSION = '20260101_000000';

const embedded = useEmbeddedS3();
const prepare = useVerifiedSource(embedded);
const controlPlane = useControlPlane();

const ARCHIVE = snapshotArchiveKey('lines', VERSION);

/** A migrated and verified snapshot and two objects beside it. */
async function migrated(options: Parameters<typeof prepare>[0] = {}): Promise<VerifiedSource> {
  const setting = await prepare({ ...options, owner: OWNER });
  await embedded.put(setting.source, ARCHIVE, 'archive');
  await embedded.put(setting.source, snapshotHashKey('lines', VERSION), 'md5:none');
  await embedded.put(setting.source, snapshotPointerKey('lines'), VERSION);
  for (const key of ['a', 'b']) await embedded.put(setting.source, key, key);
  await setting.migrate(new Date(), { snapshots: [{ collection: 'lines', version: VERSION }] });
  return setting;
}

/** Retires while `waiting` is what happens until the operator has typed the name. */
async function retire({ files }: VerifiedSource, waiting: () => Promise<unknown>, more: object = {}) {
  const shown: string[] = [];
  const retirement = await retirePlan(
    {
      aws: { ...controlPlane().clients, s3: embedded.s3, options: {} } as Aws,
      report: { tell: ({ event }) => void shown.push(event), progress() {} },
      signal: new AbortController().signal,
      ask: undefined,
    },
    {
      path: files.plan,
      mode: 'empty-keep',
      purge: true,
      soak: 0,
      statePaths: [],
      losses: new Set(),
      overrides: ['state', 'in-use'],
      dryRun: false,
      show: ({ gates }) => void shown.push(`${gates.filter(({ passed }) => !passed).length} fail`),
      confirm: async () => {
        shown.push('asked');
        await waiting();
      },
      ...more,
    },
  );
  const failing = retirement.gates.filter(({ passed }) => !passed).map(({ name }) => name);
  return { ...retirement, failing, shown };
}
const expire = (Bucket: string) =>
  embedded.s3.send(
    new PutBucketLifecycleConfigurationCommand({
      Bucket,
      LifecycleConfiguration: {
        Rules: [{ ID: 'late', Status: 'Enabled', Filter: { Prefix: 'a' }, Expiration: { Days: 1 } }],
      },
    }),
  );
const remove = (bucket: string, key: string) =>
  embedded.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
const keysOf = async (bucket: string) => [...(await contents(embedded.s3, bucket)).keys()];

it('shows what goes and each gate before it asks, and retires when nothing changed', async () => {
  const setting = await migrated();
  const { shown, retired } = await retire(setting, async () => undefined);
  expect(shown.slice(0, 3)).toEqual(['0 fail', 'gates', 'asked']);
  expect(retired).toMatchObject({ deleted: 5, failed_count: 0, left: { versions: 0 } });
});

describe.each([false, true])('While it waits for the name (A1), versioned: %p,', (versioned) => {
  it.each<[string, (setting: VerifiedSource) => Promise<unknown>, string]>([
    ["the destination's archive goes", ({ destination }) => remove(destination, ARCHIVE), 'proven'],
    ['an object of the destination goes', ({ destination }) => remove(destination, 'b'), 'proven'],
    [
      'an object of the destination becomes another',
      ({ destination }) => embedded.put(destination, 'b', 'B'),
      'proven',
    ],
    ['an object of the source is overwritten', ({ source }) => embedded.put(source, 'a', 'A'), 'unchanged'],
    ['an object is added to the source', ({ source }) => embedded.put(source, 'c', 'c'), 'unchanged'],
    [
      'something begins to name the source',
      ({ source }) =>
        controlPlane().declare({ functions: [{ name: 'reader', environment: { BUCKET: source } }] }),
      'lambda',
    ],
    [
      'the destination gets a lifecycle rule that deletes the copies (A5)',
      ({ destination }) => expire(destination),
      'lifecycle',
    ],
    [
      'somebody unfreezes the source',
      ({ source }) => embedded.s3.send(new DeleteBucketPolicyCommand({ Bucket: source })),
      'freeze',
    ],
  ])('%s: nothing is deleted, and the gate that fails is named', async (_what, change, gate) => {
    const setting = await migrated({ versioned });
    let before: unknown;
    const { failing, passed, retired, shown } = await retire(setting, async () => {
      await change(setting);
      before = await keysOf(setting.source);
    });
    expect({ failing, passed, retired }).toEqual({ failing: [gate], passed: false, retired: null });
    expect(shown).toEqual(['0 fail', 'gates', 'asked', '1 fail', 'gates']);
    expect(await keysOf(setting.source)).toEqual(before);
    // Neither begun, nor its overrides saved, nor locked.
    const { now } = setting.state;
    expect([now.phase, now.overrides, existsSync(setting.files.lock)]).toEqual(['verified', [], false]);
    await controlPlane().declare({});
  });
});

it('saves the overrides under the lock, in the state that lies there then', async () => {
  const setting = await migrated();
  const earlier = { gate: 'lambda', at: new Date(0).toISOString() };
  await retire(setting, () => setting.state.save({ overrides: [earlier] }));
  const overrides = (await readState(setting.files.state))?.overrides;
  expect(overrides?.map(({ gate }) => gate)).toEqual(['lambda', 'state', 'in-use']);
});

it('does nothing where somebody else works on the plan by then', async () => {
  const setting = await migrated();
  let held: Held | undefined;
  const retiring = retire(setting, async () => {
    held = await takeFileLock(setting.files.lock, await holderOf('apply', setting.files.plan));
  });
  await expect(retiring).rejects.toMatchObject({ exitCode: 6, message: expect.stringContaining('apply') });
  await held?.release();
  expect(await keysOf(setting.source)).toHaveLength(5);
});

it('hides nothing where a delete marker would take its place for good: versioning is suspended', async () => {
  const setting = await migrated({ versioned: true });
  const { source } = setting;
  const suspend = async () => {
    const VersioningConfiguration = { Status: 'Suspended' } as const;
    await embedded.s3.send(new PutBucketVersioningCommand({ Bucket: source, VersioningConfiguration }));
  };
  // While it waits for the name, and before it.
  for (const waiting of [suspend, async () => undefined]) {
    await expect(retire(setting, waiting, { purge: false })).rejects.toMatchObject({
      exitCode: 6,
      message: `The versioning of ${source} is suspended: what has no version id cannot be hidden there, a delete marker takes its place for good. Turn the versioning on, or delete for good with --purge.`,
    });
    expect(await keysOf(source)).toHaveLength(5);
  }
  expect(await retire(setting, async () => undefined, { purge: false, mode: 'soft' })).toMatchObject({
    passed: true,
  });
  expect(await retire(setting, async () => undefined)).toMatchObject({ retired: { left: { versions: 0 } } });
});

it('only evaluates where it is to do no more, and asks nobody', async () => {
  const setting = await migrated();
  const { retired, shown } = await retire(setting, () => remove(setting.source, 'a'), { dryRun: true });
  expect({ retired, shown }).toEqual({ retired: null, shown: ['0 fail', 'gates'] });
  expect(await keysOf(setting.source)).toHaveLength(5);
});

it('A3: looks at each object before it goes where the server was seen to ignore the condition of deletions', async () => {
  const looksWhere = async (result: 'proven' | 'missing') => {
    const setting = await migrated({ versioned: true });
    const { source, state } = setting;
    const check = { capability: 'conditional-delete', bucket: source, evidence: 'It was tried.' } as const;
    const checks = [{ ...check, result }];
    await state.save({ server: { at: new Date().toISOString(), checks, accepted_missing: [] } });
    await embedded.admin.resetRequests();
    expect(await retire(setting, async () => {}, { purge: false })).toMatchObject({ failing: [] });
    expect(await keysOf(source)).toEqual([]);
    return (await embedded.admin.requests()).HeadObject ?? 0;
  };
  const objects = 5;
  expect((await looksWhere('missing')) - (await looksWhere('proven'))).toBe(objects);
});
