import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import {
  type BucketVersioningStatus,
  CreateBucketCommand,
  DeleteObjectCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { describeMark, markNow } from '../../../../cli/migrate-buckets/freeze/freeze-mark';
import { freezePolicy, freezeStatement } from '../../../../cli/migrate-buckets/freeze/freeze-policy';
import { ManifestDigest } from '../../../../cli/migrate-buckets/plan-files/digest';
import { Journal } from '../../../../cli/migrate-buckets/plan-files/journal';

import { type Facts, gatherFacts } from '../../../../cli/migrate-buckets/retirement/gather-facts';
import type { Aws } from '../../../../cli/shared/aws/clients';
import type { ManifestEntry } from '../../../../contracts/migrate-buckets/plan';
import { useControlPlane } from '../../../support/control-plane';
import { useEmbeddedS3 } from '../../../support/embedded-s3';
import { useFixedTime } from '../../../support/fixed-time';
import { intercepted } from '../../../support/intercepted-client';
import { useVerifiedSource, type VerifiedSource } from './verified-source';

const NOW = new Date('2026-01-01T12:00:00Z');

const embedded = useEmbeddedS3();
const prepare = useVerifiedSource(embedded);
const controlPlane = useControlPlane();
useFixedTime(NOW);

interface Options {
  readonly s3?: S3Client;
  readonly expectedOwner?: string;
  readonly statePaths?: readonly string[];
  /** Before the first `apply` there is no state. */
  readonly applied?: boolean;
}

const gather = (
  { plan, files, state }: VerifiedSource,
  { s3 = embedded.s3, expectedOwner, statePaths = [], applied = true }: Options = {},
): Promise<Facts> =>
  gatherFacts(
    {
      aws: {
        ...controlPlane().clients,
        s3,
        options: expectedOwner === undefined ? {} : { expectedOwner },
      } as Aws,
      report: { tell() {}, progress() {} },
      signal: new AbortController().signal,
      ask: undefined,
    },
    {
      plan,
      files,
      state: applied ? state.now : undefined,
      statePaths,
      soak: 60,
      overrides: ['in-use'],
      losses: new Set(),
    },
  );

/** Two verified objects, one of them with an older version where the source is versioned. */
async function verified(options: Parameters<typeof prepare>[0] = {}): Promise<VerifiedSource> {
  const setting = await prepare(options);
  for (const key of ['a', 'b', 'b']) await embedded.put(setting.source, key, key);
  await setting.verify();
  return setting;
}
const remove = (bucket: string, key: string) =>
  embedded.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));

it('hands on what it was asked with, and when', async () => {
  const setting = await verified();
  expect(await gather(setting)).toMatchObject({
    source: setting.source,
    destination: setting.destination,
    state: setting.state.now,
    now: NOW.getTime(),
    soak: 60,
    overrides: ['in-use'],
  });
});

it('finds who names the source, and says what was not looked at', async () => {
  const setting = await prepare();
  await controlPlane().declare({ functions: [{ name: 'reader', environment: { BUCKET: setting.source } }] });
  const { references, survey } = await gather(setting);
  expect(references).toEqual([expect.objectContaining({ kind: 'lambda', text: setting.source })]);
  expect(survey.unchecked.map(({ kind }) => kind)).toEqual(['state']);
});

describe('Before anything was verified', () => {
  const never = (setting: VerifiedSource) => ({
    unchanged: { holds: false, evidence: `There is no verified manifest of ${setting.source}. Run apply.` },
    verification: null,
    writtenSince: null,
  });

  it('there is nothing to compare with', async () => {
    const setting = await prepare();
    await embedded.put(setting.destination, 'lines/delta/x/delta.arrow', 'x');
    expect(await gather(setting, { applied: false })).toMatchObject(never(setting));
    expect(await gather(setting)).toMatchObject(never(setting));
  });

  it('nor is there when the manifest of what was verified is gone', async () => {
    const setting = await verified();
    await rm(setting.files.versions);
    jest.setSystemTime(NOW.getTime() + 1000);
    await embedded.put(setting.destination, 'lines/delta/x/delta.arrow', 'x');
    expect(await gather(setting)).toMatchObject({
      ...never(setting),
      writtenSince: { key: 'lines/delta/x/delta.arrow' },
    });
  });

  it('nor is there when only the manifest is left', async () => {
    const setting = await verified();
    await setting.state.save({ verified: null });
    await embedded.put(setting.destination, 'lines/delta/x/delta.arrow', 'x');
    expect(await gather(setting)).toMatchObject(never(setting));
  });
});

it('compares the source with what was verified, and counts what is still there', async () => {
  const setting = await verified();
  const tally = (objects: number, bytes: number) => ({ objects, bytes });
  expect(await gather(setting)).toMatchObject({
    versioned: false,
    unchanged: { holds: true, evidence: expect.stringContaining('equals the verified one') },
    inventory: { objects: tally(2, 2), decoys: tally(0, 0), older: tally(0, 0), markers: 0 },
  });
  expect((await gather(setting, { applied: false })).inventory).toBeNull();
});

it.each<[BucketVersioningStatus | undefined, { versioned: boolean; keepsVersions: boolean }]>([
  [undefined, { versioned: false, keepsVersions: false }],
  ['Enabled', { versioned: true, keepsVersions: true }],
  // An overwrite of version null leaves nothing of it.
  ['Suspended', { versioned: true, keepsVersions: false }],
])('sees what versioning the source has: %s', async (Status, seen) => {
  const setting = await verified();
  const Bucket = setting.source;
  if (Status !== undefined) {
    const VersioningConfiguration = { Status };
    await embedded.s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  }
  expect(await gather(setting)).toMatchObject(seen);
});

describe('The destination is verified anew', () => {
  const copyAll = async ({ destination }: VerifiedSource) => {
    for (const key of ['a', 'b']) await embedded.put(destination, key, key);
  };

  it('against what was verified, also where that is half deleted by now', async () => {
    const setting = await verified({ versioned: true });
    await copyAll(setting);
    await remove(setting.source, 'a');
    expect((await gather(setting)).verification).toMatchObject({
      proven: true,
      objects: 2,
      bytes: 2,
      levels: { P3: { objects: 2 } },
    });
  });

  it('against all that was verified, though the source holds more by now, or less', async () => {
    const setting = await verified();
    await copyAll(setting);
    await remove(setting.source, 'a');
    await embedded.put(setting.source, 'c', 'never verified');
    expect((await gather(setting)).verification).toMatchObject({ proven: true, objects: 2 });
  });

  it('against what is left of it once the retirement began: what is gone cannot be read any more', async () => {
    const version = '20260101_000000';
    const key = `lines/snapshot/timestamped/${version}/file`;
    const setting = await verified();
    await embedded.put(setting.source, key, 'x');
    await setting.verify(NOW, { snapshots: [{ collection: 'lines', version }] });
    await setting.state.save({ phase: 'retiring' });
    await copyAll(setting);
    // Of another ETag, as after a copy in parts: its bytes would have to be compared.
    await embedded.put(setting.destination, key, 'X');
    await remove(setting.source, key);
    expect((await gather(setting)).verification).toMatchObject({ proven: true, objects: 2 });
  });

  it('without what was deleted before the verification, and without older versions', async () => {
    const setting = await verified({ versioned: true });
    await copyAll(setting);
    await remove(setting.source, 'a');
    await setting.verify();
    expect((await gather(setting)).verification).toMatchObject({ proven: true, objects: 1, extra: 1 });
  });

  it('and what is missing there is named', async () => {
    const setting = await verified();
    await embedded.put(setting.destination, 'a', 'a');
    expect((await gather(setting)).verification).toMatchObject({
      proven: false,
      problems: [{ key: 'b', level: 'P0' }],
    });
  });

  it('by the journal, and without reading any bytes', async () => {
    const setting = await verified();
    await copyAll(setting);
    const { etag: source } = await embedded.look(setting.source, 'a');
    const { etag: destination } = await embedded.put(setting.destination, 'a', 'A');
    const journal = await Journal.open(setting.files.journal);
    await journal.add({ kind: 'copied', key: 'a', source, destination });
    await journal.close();
    await embedded.admin.resetRequests();
    expect((await gather(setting)).verification).toMatchObject({
      proven: true,
      levels: { P2: { objects: 1 }, P3: { objects: 1 } },
    });
    expect(await embedded.admin.requests()).not.toHaveProperty('GetObject');
  });

  it('and no journal is begun where there was none', async () => {
    const setting = await verified();
    await gather(setting);
    expect(existsSync(setting.files.journal)).toBe(false);
  });

  it('with the stranded deltas of the plan', async () => {
    const key = 'lines/delta/x/delta.arrow';
    const stranded: ManifestEntry = {
      key,
      size: 1,
      etag: 'e',
      storage_class: 'STANDARD',
      action: 'copy',
      expected: 'absent',
      bucket: 'loser',
    };
    const setting = await verified({ manifest: [stranded] });
    await copyAll(setting);
    expect((await gather(setting)).verification).toMatchObject({
      objects: 3,
      problems: [{ key, level: 'P0' }],
    });
  });

  it('by the snapshots that the source named then', async () => {
    const version = '20260101_000000';
    const key = `lines/snapshot/timestamped/${version}/file`;
    const setting = await verified();
    const { etag: source } = await embedded.put(setting.source, key, 'x');
    await setting.verify(NOW, { snapshots: [{ collection: 'lines', version }] });
    await copyAll(setting);
    const { etag: destination } = await embedded.put(setting.destination, key, 'X');
    const journal = await Journal.open(setting.files.journal);
    await journal.add({ kind: 'copied', key, source, destination });
    await journal.close();
    // Our own copy would do for any other object; to this one a pointer leads.
    expect((await gather(setting)).verification).toMatchObject({ problems: [{ key, level: 'P0' }] });
  });
});

it('A9: looks at deltas that are only kept, where the plan keeps anything so', async () => {
  const setting = await prepare();
  const key = 'lines/delta/x/delta.tar.gz';
  await embedded.put(setting.source, key, key);
  const placement = { archived: [''], live: [] };
  const digest = new ManifestDigest({ ...setting.plan, placement }).finish();
  const archiving = { ...setting, plan: { ...setting.plan, placement, digest } };
  // Nothing is verified yet.
  expect((await gather(archiving, { applied: false })).keptDeltas).toBeNull();
  await setting.verify();
  expect((await gather(setting)).keptDeltas).toBeNull();
  expect((await gather(archiving, { applied: false })).keptDeltas).toBeNull();
  expect((await gather(archiving)).keptDeltas).toEqual({ live: 0, covered: 0, unmerged: [key] });
});

describe('What the pipeline wrote since the verification', () => {
  /** The objects of the destination when it was verified, and what was put there after that. */
  const writtenSince = async (then: readonly string[], since: readonly string[], seconds = 1) => {
    jest.setSystemTime(NOW);
    const setting = await prepare();
    for (const key of then) await embedded.put(setting.destination, key, 'then');
    await setting.verify();
    jest.setSystemTime(NOW.getTime() + seconds * 1000);
    for (const key of since) await embedded.put(setting.destination, key, 'since');
    return (await gather(setting)).writtenSince;
  };

  it.each([
    'lines/delta/x/delta.arrow',
    'words/delta/x/delta.arrow',
    'lines/snapshot/latest-pointer.txt',
    'words/snapshot/latest-pointer.txt',
  ])('is %s, be it new or other than it was', async (key) => {
    expect(await writtenSince([], [key])).toEqual({ key });
    expect(await writtenSince([key], [key])).toEqual({ key });
  });

  it.each([
    'lines/delta/x/delta.tar.gz',
    'lines/delta/delta.arrow.bak',
    'other/delta/x/delta.arrow',
    'lines/snapshot/timestamped/20260101_000000/snapshot.tar.gz',
    'ocr/x/receipt-00001.json',
  ])('is not %s', async (key) => {
    expect(await writtenSince([], [key])).toBeNull();
  });

  it.each([-600, -20, 0, 20, 600])(
    'is never what apply itself wrote, and always what is new, with a clock that is %d seconds off (B4)',
    async (seconds) => {
      const [pointer, delta] = ['lines/snapshot/latest-pointer.txt', 'lines/delta/x/delta.arrow'];
      expect(await writtenSince([pointer, delta], [], seconds)).toBeNull();
      expect(await writtenSince([pointer], [delta], seconds)).toEqual({ key: delta });
    },
  );

  it('is the first by its key', async () => {
    const [first, second] = ['lines/delta/a/delta.arrow', 'lines/delta/b/delta.arrow'];
    expect(await writtenSince([], [second, first])).toEqual({ key: first });
  });

  it('is nothing that is gone, nor anything where nobody noted what lay there', async () => {
    const setting = await prepare();
    await embedded.put(setting.destination, 'lines/delta/x/delta.arrow', 'x');
    await setting.verify();
    await remove(setting.destination, 'lines/delta/x/delta.arrow');
    expect((await gather(setting)).writtenSince).toBeNull();
    await embedded.put(setting.destination, 'lines/delta/y/delta.arrow', 'x');
    expect((await gather(setting)).writtenSince).toEqual({ key: 'lines/delta/y/delta.arrow' });
    await rm(setting.files.pipeline);
    expect((await gather(setting)).writtenSince).toBeNull();
  });
});

describe("A5: the destination's lifecycle", () => {
  const expire = (Bucket: string, Prefix: string) =>
    embedded.s3.send(
      new PutBucketLifecycleConfigurationCommand({
        Bucket,
        LifecycleConfiguration: {
          Rules: [{ ID: 'old', Status: 'Enabled', Filter: { Prefix }, Expiration: { Days: 1 } }],
        },
      }),
    );

  it('is of no matter where it deletes nothing that was copied', async () => {
    const setting = await verified();
    await setting.migrate();
    expect((await gather(setting)).expiring).toBeNull();
    await expire(setting.destination, 'c');
    await embedded.put(setting.destination, 'c', 'not copied');
    expect((await gather(setting)).expiring).toBeNull();
    await expire(setting.source, 'a');
    expect((await gather(setting)).expiring).toBeNull();
  });

  it('is told where it deletes some of that, or cannot be read', async () => {
    const setting = await verified();
    await setting.migrate();
    await expire(setting.destination, 'b');
    expect((await gather(setting)).expiring).toBe(
      `The lifecycle rule old of ${setting.destination} deletes objects below b, 1 day after they were written: 1 object of this plan (1 B), e.g. b. Disable that rule, or narrow what it takes, before the source is retired.`,
    );
    await embedded.admin.inject({
      operation: 'GetBucketLifecycleConfiguration',
      fail: 'AccessDenied',
      times: 0,
    });
    expect((await gather(setting)).expiring).toMatch(/^Whether the lifecycle of .* was not found out: /);
  });
});

describe('Object lock', () => {
  const lockedBucket = async (): Promise<VerifiedSource> => {
    const setting = await prepare();
    const source = `${setting.source}-locked`;
    await embedded.s3.send(new CreateBucketCommand({ Bucket: source, ObjectLockEnabledForBucket: true }));
    return { ...setting, source, plan: { ...setting.plan, source } };
  };

  it('is named when the source has it', async () => {
    const setting = await lockedBucket();
    expect((await gather(setting)).lock).toBe(
      `${setting.source} has object lock: its versions may be under retention or legal hold.`,
    );
  });

  it('is none in a bucket that has no such configuration, or an empty one', async () => {
    expect((await gather(await prepare())).lock).toBeNull();
    const empty = intercepted(embedded.s3, async (command, send) =>
      command.constructor.name === 'GetObjectLockConfigurationCommand' ? {} : send(),
    );
    expect((await gather(await prepare(), { s3: empty })).lock).toBeNull();
  });

  it('is none on a server that has no such thing', async () => {
    const setting = await prepare();
    await embedded.admin.inject({
      operation: 'GetObjectLockConfiguration',
      fail: 'NotImplemented',
      times: 0,
    });
    expect((await gather(setting)).lock).toBeNull();
  });

  it('counts as there when it could not be found out', async () => {
    const setting = await prepare();
    await embedded.admin.inject({ operation: 'GetObjectLockConfiguration', fail: 'AccessDenied', times: 0 });
    expect((await gather(setting)).lock).toBe(
      `Whether ${setting.source} has object lock could not be found out (AccessDenied).`,
    );
  });
});

it('sees whether the source is frozen by this plan at this moment', async () => {
  const setting = await verified();
  const { source, state } = setting;
  const notFrozen = async () => (await gather(setting)).notFrozen;
  expect(await notFrozen()).toBe(`${source} is not frozen.`);
  await setting.freeze();
  expect(await notFrozen()).toBeNull();
  expect((await gather(setting, { applied: false })).notFrozen).toBeNull();
  const other = markNow('abc123', 'elsewhere');
  const policy = freezePolicy(null, source, freezeStatement(source, ['*'], other));
  await embedded.s3.send(new PutBucketPolicyCommand({ Bucket: source, Policy: policy }));
  expect(await notFrozen()).toBe(`${source} is frozen by another plan: ${describeMark(other)}.`);
  // What the freeze put there is not what is there.
  await setting.freeze();
  const saved = { policy: null, lifecycle: null, mark: markNow(setting.plan.digest, setting.destination) };
  await state.save({ saved: { ...saved, statement: freezeStatement(source, [], saved.mark) } });
  expect(await notFrozen()).toBe(`The statement that freezes ${source} was altered.`);
});

describe('The owner', () => {
  /** The account that owns every bucket of the embedded S3. */
  const OURS = '000000000000';
  const ownerFor = async (planned: string | null, expectedOwner?: string) => {
    const setting = await prepare({ owner: planned });
    let asked = 0;
    // Commands and not requests: the SDK sends a refused one again when it thinks that its clock was wrong.
    const s3 = intercepted(embedded.s3, (command, send) => {
      if (command.constructor.name === 'HeadBucketCommand') asked += 1;
      return send();
    });
    const { owner } = await gather(setting, expectedOwner === undefined ? { s3 } : { s3, expectedOwner });
    return [owner, asked];
  };

  it('is the one that S3 confirms: of the plan, or rather the one that was given', async () => {
    expect(await ownerFor(OURS)).toEqual([OURS, 2]);
    expect(await ownerFor(null, OURS)).toEqual([OURS, 2]);
    expect(await ownerFor('111122223333', OURS)).toEqual([OURS, 2]);
  });

  it('A3: is nobody when the server takes whoever is expected', async () => {
    const setting = await prepare({ owner: OURS });
    const lax = intercepted(embedded.s3, (command, send) =>
      command.constructor.name === 'HeadBucketCommand' ? send().catch(() => ({})) : send(),
    );
    expect((await gather(setting, { s3: lax })).owner).toBeNull();
  });

  it('is nobody when S3 refuses, or when there is nobody to ask about', async () => {
    expect(await ownerFor('111122223333')).toEqual([null, 1]);
    expect(await ownerFor(OURS, '111122223333')).toEqual([null, 1]);
    expect(await ownerFor(null)).toEqual([null, 0]);
  });
});
