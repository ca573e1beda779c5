import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetBucketTaggingCommand,
  HeadBucketCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectLockConfigurationCommand,
} from '@aws-sdk/client-s3';
import { snapshotPointerKey } from '../../../../contracts/bucket-layout';
import { makeSnapshot, type Snapshot } from '../../../support/chroma-snapshots';
import { contents, put, putDecoys, putSnapshot, putSnapshotManifest } from '../../../support/old-buckets';
import { type CliHarness, startCliHarness } from '../cli-harness';
import { migratedSetting } from '../migration-setting';

let harness: CliHarness;

beforeAll(async () => {
  harness = await startCliHarness();
});
afterAll(() => harness?.stop());

/** A migrated and verified pair of buckets, whose new one nobody uses yet; `before` prepares the source. */
async function migrated(before: (source: string) => Promise<unknown>) {
  const setting = await migratedSetting(harness, before);
  return { ...setting, retire: (...more: string[]) => setting.retire('--accept-idle', ...more) };
}

const versioned = async (source: string) => {
  const { s3 } = harness;
  await s3.send(
    new PutBucketVersioningCommand({ Bucket: source, VersioningConfiguration: { Status: 'Enabled' } }),
  );
  await put(s3, source, 'a', 'first');
  await put(s3, source, 'a', 'second');
  await put(s3, source, 'gone', 'deleted long ago');
  await s3.send(new DeleteObjectCommand({ Bucket: source, Key: 'gone' }));
  await put(s3, source, 'control\u0001\r', 'x');
  await s3.send(new CreateMultipartUploadCommand({ Bucket: source, Key: 'unfinished' }));
};

const versionsIn = async (bucket: string) => {
  const { Versions = [], DeleteMarkers = [] } = await harness.s3.send(
    new ListObjectVersionsCommand({ Bucket: bucket }),
  );
  return { versions: Versions.length, markers: DeleteMarkers.length };
};

const failing = (result: Record<string, unknown>) =>
  (result.gates as { name: string; passed: boolean; evidence: string }[]).filter(({ passed }) => !passed);

it.each([false, true])(
  "A4: what somebody keeps under a decoy's key is copied and proven, versioned: %p",
  async (isVersioned) => {
    const kept = ['lines/snapshot/.placeholder', 'delta/.placeholder', 'snapshot/latest/pointer.txt'];
    const { source, destination, verify, retire } = await migrated(async (name) => {
      if (isVersioned) await versioned(name);
      await putDecoys(harness.s3, name);
      for (const key of kept) await put(harness.s3, name, key, `data under ${key}`);
    });
    expect((await verify()).result).toMatchObject({ proven: true, decoys: 5 });
    const before = await contents(harness.s3, source);
    const there = await contents(harness.s3, destination);
    for (const key of kept) expect([key, there.get(key)]).toEqual([key, before.get(key)]);

    await put(harness.s3, destination, kept[0] ?? '', '');
    const refused = await retire(...(isVersioned ? ['--purge'] : []));
    expect(refused.code).toBe(6);
    expect(failing(refused.result)).toMatchObject([
      { name: 'proven', evidence: expect.stringContaining('lines/snapshot/.placeholder') },
    ]);
    expect(await contents(harness.s3, source)).toEqual(before);
  },
);

it('B6: names what came too late to be hidden, and does not end with 0', async () => {
  const { source, retire } = await migrated(versioned);
  const mutate = { put: { bucket: source, key: 'late', body: 'x' } };
  await harness.admin.inject({ operation: 'DeleteObjects', mutate });
  const hidden = await retire();
  expect(hidden).toMatchObject({
    code: 7,
    result: { retired: { hidden: true, left: { versions: 1, newer: 1, newer_keys: ['late'] } } },
  });
  expect([...(await contents(harness.s3, source)).keys()]).toEqual(['late']);
});

it('hides a versioned bucket first, and deletes its versions, markers and uploads in the second phase', async () => {
  const { source, apply, retire } = await migrated(versioned);
  const first = await retire();
  expect(first).toMatchObject({ code: 0, result: { retired: { hidden: true } } });
  expect((await contents(harness.s3, source)).size).toBe(0);
  expect(await versionsIn(source)).toEqual({ versions: 4, markers: 3 });
  // What each command says of a retirement that has begun agrees with what the others do.
  const applied = await apply();
  expect(applied).toMatchObject({
    code: 6,
    result: { message: expect.stringMatching(/has begun, .* Run retire to go on with it/) },
  });
  const second = await retire('--purge', '--mode', 'delete');
  expect(second).toMatchObject({
    code: 0,
    result: { retired: { bucket_deleted: true, uploads_aborted: 0 } },
  });
  await expect(harness.s3.send(new HeadBucketCommand({ Bucket: source }))).rejects.toThrow();
});

it('aborts unfinished uploads, and keeps the emptied bucket by default', async () => {
  const { source, retire } = await migrated(versioned);
  expect(await retire('--purge')).toMatchObject({
    code: 0,
    result: { retired: { uploads_aborted: 1, bucket_deleted: false } },
  });
  expect(await versionsIn(source)).toEqual({ versions: 0, markers: 0 });
  expect((await harness.s3.send(new ListMultipartUploadsCommand({ Bucket: source }))).Uploads ?? []).toEqual(
    [],
  );
  const { TagSet } = await harness.s3.send(new GetBucketTaggingCommand({ Bucket: source }));
  expect(TagSet?.map(({ Key }) => Key)).toEqual(['migrate-buckets-retired']);
});

it('says of a bucket that is retired what it holds, and is done: the rerun is no failure (B12)', async () => {
  const { source, retire, plan } = await migrated((name) => put(harness.s3, name, 'a', 'x'));
  expect((await retire()).code).toBe(0);
  const rerun = await retire();
  expect(rerun).toMatchObject({
    code: 0,
    result: { already: true, gates: [], retired: { deleted: 0, left: { versions: 0 } } },
  });
  const told = ['retire', plan, '--confirm', source];
  expect((await harness.run(told)).stdout).toContain(`${source} was retired before. It is kept, and empty.`);
  await put(harness.s3, source, 'again', 'x');
  const again = await harness.run(told);
  expect({ code: again.code, stdout: again.stdout }).toEqual({
    code: 3,
    stdout: `${source} was retired before, and holds something again: 1 version (1 B).\n  again\n`,
  });
  const refused = await harness.run([...told, '--mode', 'delete']);
  expect({ code: refused.code, stderr: refused.stderr }).toMatchObject({
    code: 6,
    stderr: expect.stringContaining('was kept so that nobody else can take its name'),
  });
});

it('says the same of a bucket that is retired and deleted', async () => {
  const { source, retire, plan } = await migrated((name) => put(harness.s3, name, 'a', 'x'));
  expect((await retire('--mode', 'delete')).code).toBe(0);
  const { code, stdout } = await harness.run(['retire', plan, '--mode', 'delete', '--confirm', source]);
  expect({ code, stdout }).toEqual({ code: 0, stdout: `${source} was retired before, and deleted.\n` });
});

it('only marks the bucket in soft mode', async () => {
  const { source, retire } = await migrated((name) => put(harness.s3, name, 'a', 'x'));
  expect((await retire('--mode', 'soft')).code).toBe(0);
  expect((await contents(harness.s3, source)).size).toBe(1);
});

it('refuses when anything was written since the verification, and what is newer survives', async () => {
  const { source, retire } = await migrated(versioned);
  await put(harness.s3, source, 'newer', 'written by the migrator itself');
  const refused = await retire('--purge', '--mode', 'delete');
  expect(refused.code).toBe(6);
  expect(failing(refused.result).map(({ name }) => name)).toEqual(['unchanged']);
  expect((await contents(harness.s3, source)).has('newer')).toBe(true);
});

it('leaves an object that changes between the gates and the deletion, and names it', async () => {
  const { source, retire } = await migrated(async (name) => {
    await put(harness.s3, name, 'a', 'x');
    await put(harness.s3, name, 'b', 'x');
  });
  await harness.admin.inject({
    operation: 'DeleteObjects',
    mutate: { put: { bucket: source, key: 'a', body: 'late' } },
  });
  const { code, result } = await retire('--mode', 'delete');
  expect(code).toBe(7);
  expect(result.retired).toMatchObject({ failed: [{ key: 'a' }], bucket_deleted: false });
  expect([...(await contents(harness.s3, source)).keys()]).toEqual(['a']);
});

it('deletes once, though the answer to the deletion got lost', async () => {
  const { source, retire } = await migrated(async (name) => {
    for (const key of ['a', 'b', 'c']) await put(harness.s3, name, key, 'x');
  });
  await harness.admin.inject({ operation: 'DeleteObjects', reset: 'after' });
  const { code, result } = await retire('--mode', 'delete');
  expect({ code, retired: result.retired }).toMatchObject({ code: 0, retired: { bucket_deleted: true } });
  await expect(harness.s3.send(new HeadBucketCommand({ Bucket: source }))).rejects.toThrow();
});

it('refuses object lock', async () => {
  const { source, retire } = await migrated(versioned);
  await harness.s3.send(
    new PutObjectLockConfigurationCommand({
      Bucket: source,
      ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled' },
    }),
  );
  const { code, result } = await retire();
  expect(code).toBe(6);
  expect(failing(result).map(({ name }) => name)).toEqual(['object-lock']);
});

it('refuses before the soak time is over, without the typed name, and says so', async () => {
  const { source, plan } = await migrated((name) => put(harness.s3, name, 'a', 'x'));
  const early = await harness.json(
    'retire',
    plan,
    '--accept-unchecked',
    'state',
    '--accept-idle',
    '--confirm',
    source,
  );
  expect(early.code).toBe(6);
  expect(failing(early.result).map(({ name }) => name)).toEqual(['soak']);
  const wrong = [
    'retire',
    plan,
    '--soak',
    '0',
    '--accept-unchecked',
    'state',
    '--accept-idle',
    '--confirm',
    'wrong',
  ];
  expect((await harness.run(wrong)).code).toBe(6);
  expect((await contents(harness.s3, source)).size).toBe(1);
});

it('does not take an unreachable service for one that names nothing', async () => {
  const { plan, source } = await migrated((name) => put(harness.s3, name, 'a', 'x'));
  const args = ['retire', plan, '--soak', '0', '--accept-idle', '--confirm', source, '--json'];
  const nowhere = {
    AWS_ENDPOINT_URL_LAMBDA: 'http://127.0.0.1:1',
    AWS_ENDPOINT_URL_SFN: 'http://127.0.0.1:1',
  };
  const refused = await harness.run(args, nowhere);
  expect(refused.code).toBe(6);
  const gates = failing(refused.events.at(-1) ?? {});
  expect(gates.map(({ name }) => name)).toEqual(['lambda', 'step-functions', 'executions', 'state']);
  for (const { evidence } of gates) expect(evidence).toContain('Not checked.');
  const kinds = ['lambda', 'step-functions', 'executions', 'state'].flatMap((kind) => [
    '--accept-unchecked',
    kind,
  ]);
  expect((await harness.run([...args, ...kinds], nowhere)).code).toBe(0);
  expect(await harness.read(plan.replace('.json', '.state.json'))).toContain('"gate": "lambda"');
});

it('finds references in published versions, state machines and running executions', async () => {
  const { source, retire } = await migrated((name) => put(harness.s3, name, 'a', 'x'));
  await harness.declare({
    functions: [
      {
        name: 'fine',
        environment: { X: `${source}-not` },
        versions: [{ version: '3', environment: { BUCKET: source } }],
      },
    ],
    stateMachines: [
      {
        name: 'machine',
        definition: `{"Bucket":"${source}"}`,
        runningExecutions: [{ name: 'run-1', input: `{"uri":"s3://${source}/a"}` }],
      },
    ],
  });
  const { code, result } = await retire('--accept-unchecked', 'lambda');
  expect(code).toBe(6);
  const found = failing(result);
  expect(found.map(({ name }) => name)).toEqual(['lambda', 'step-functions', 'executions']);
  expect(found[0]?.evidence).toContain('Lambda fine (3): BUCKET');
  await harness.declare({
    functions: [{ name: 'fine', environment: {} }],
    stateMachines: [{ name: 'machine', definition: '{}' }],
  });
});

describe('a pipeline that works on at the destination', () => {
  const OLD = '20260101_000000';
  const NEW = '20260303_000000_000000_0123abcd';
  let full: Snapshot;
  beforeAll(async () => {
    full = await makeSnapshot(1);
  });
  const withSnapshot = () =>
    migrated(async (name) => {
      await putDecoys(harness.s3, name);
      await putSnapshot(harness.s3, name, 'lines', OLD, full);
    });
  const publish = async (destination: string, lineage: readonly string[]) => {
    await putSnapshot(harness.s3, destination, 'lines', NEW, full);
    await putSnapshotManifest(harness.s3, destination, 'lines', NEW, { archive: full.archive, lineage });
  };
  const verify = async (plan: string) => {
    const { code, result } = await harness.json('verify', plan);
    return { code, problems: result.problems };
  };

  it('does not stand in the way: its newer, sound snapshot descends from the migrated one', async () => {
    const { source, destination, plan, retire } = await withSnapshot();
    // A pointer to nothing is no progress.
    await put(harness.s3, destination, snapshotPointerKey('lines'), NEW);
    expect(await verify(plan)).toEqual({
      code: 3,
      problems: [expect.objectContaining({ why: expect.stringContaining('not a sound snapshot') })],
    });
    await publish(destination, ['20250101_000000', OLD]);
    expect(await verify(plan)).toEqual({ code: 0, problems: [] });
    const { code, result } = await retire();
    expect({ code, failing: failing(result) }).toEqual({ code: 0, failing: [] });
    expect((await contents(harness.s3, source)).size).toBe(0);
  });

  it('is refused, however new its snapshot is, unless that adopted the migrated one', async () => {
    const { source, destination, plan, retire } = await withSnapshot();
    const why = expect.stringContaining(`published ${NEW} without having adopted ${OLD}`);
    const problems = [{ key: snapshotPointerKey('lines'), level: 'P0', why }];
    // The old system wrote no manifest; another snapshot's ancestors are not this one's.
    await putSnapshot(harness.s3, destination, 'lines', NEW, full);
    expect(await verify(plan)).toEqual({ code: 3, problems });
    await publish(destination, ['20250101_000000']);
    expect(await verify(plan)).toEqual({ code: 3, problems });
    const refused = await retire();
    expect(refused.code).toBe(6);
    expect(failing(refused.result)).toEqual([
      expect.objectContaining({ name: 'proven', evidence: expect.stringContaining('--overwrite') }),
    ]);
    const applied = await harness.json('apply', plan, '--confirm', source, '--settle', '0');
    expect({ code: applied.code, failed: applied.result.failed }).toEqual({
      code: 7,
      failed: [{ key: snapshotPointerKey('lines'), message: why }],
    });
    expect((await contents(harness.s3, source)).size).toBeGreaterThan(0);
    // The way out that the sentence names: the pointer is the migrated one again.
    const way = ['--source', source, '--bucket', source, '--dest', destination, '--out', plan];
    expect((await harness.json('plan', ...way, '--overwrite')).code).toBe(0);
    expect((await harness.json('apply', plan, '--confirm', source, '--settle', '0')).code).toBe(0);
    const pointer = snapshotPointerKey('lines');
    expect((await contents(harness.s3, destination)).get(pointer)).toBe(
      (await contents(harness.s3, source)).get(pointer),
    );
  });
});
