import {
  DeleteBucketReplicationCommand,
  PutBucketReplicationCommand,
  PutBucketVersioningCommand,
  type ReplicationRule,
} from '@aws-sdk/client-s3';
import { replicatedDeletions } from '../../../../cli/migrate-buckets/retirement/replicated-deletions';
import { useEmbeddedS3 } from '../../../support/embedded-s3';
import { intercepted } from '../../../support/intercepted-client';
import { contents, put } from '../../../support/old-buckets';
import { type CliHarness, startCliHarness } from '../cli-harness';
import { migratedSetting } from '../migration-setting';

const to = (bucket: string, more: Partial<ReplicationRule> = {}): ReplicationRule => ({
  ID: bucket,
  Status: 'Enabled',
  Destination: { Bucket: `arn:aws:s3:::${bucket}` },
  ...more,
});
const filtered = (Status: 'Enabled' | 'Disabled') => ({
  Priority: 1,
  Filter: { Prefix: '' },
  DeleteMarkerReplication: { Status },
});
const Role = 'arn:aws:iam::000000000000:role/replication';

describe('what S3 itself does with the deletions in a bucket', () => {
  const embedded = useEmbeddedS3();
  const versioned = async () => {
    const Bucket = await embedded.bucket();
    const VersioningConfiguration = { Status: 'Enabled' } as const;
    await embedded.s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
    return Bucket;
  };

  it.each<[string, ReplicationRule[], string | null]>([
    ['a rule without a filter, as the first version had them', [to('new', { Prefix: '' })], 'new'],
    ['a rule that says so', [to('new', filtered('Enabled'))], 'new'],
    ['a rule that says the contrary', [to('new', filtered('Disabled'))], null],
    ['a rule that is not in force', [to('new', { ...filtered('Enabled'), Status: 'Disabled' })], null],
    [
      'several rules',
      [to('a', filtered('Enabled')), to('b', filtered('Disabled')), to('c', filtered('Enabled'))],
      'a, c',
    ],
    [
      'two rules to one bucket',
      [to('a', filtered('Enabled')), to('a', { ...filtered('Enabled'), ID: '2' })],
      'a',
    ],
  ])('is told by %s', async (_what, Rules, replicas) => {
    const Bucket = await versioned();
    const ReplicationConfiguration = { Role, Rules };
    await embedded.s3.send(new PutBucketReplicationCommand({ Bucket, ReplicationConfiguration }));
    const told = await replicatedDeletions(embedded.s3, Bucket);
    if (replicas === null) expect(told).toBeNull();
    else expect(told).toContain(`S3 replicates what is deleted in ${Bucket} to ${replicas}, where`);
  });

  it('is nothing without a configuration, or on a server that cannot replicate, and open where it is not told', async () => {
    const Bucket = await versioned();
    expect(await replicatedDeletions(embedded.s3, Bucket)).toBeNull();
    const failing = async (fail: 'AccessDenied' | 'NotImplemented') => {
      // However often: after a 501, as after any failure of a server, the same is asked again.
      await embedded.admin.inject({ operation: 'GetBucketReplication', fail, times: 0 });
      const told = await replicatedDeletions(embedded.s3, Bucket);
      await embedded.admin.clearFaults();
      return told;
    };
    expect(await failing('NotImplemented')).toBeNull();
    expect(await failing('AccessDenied')).toBe(
      `Whether ${Bucket} replicates its deletions could not be found out (AccessDenied).`,
    );
  });

  it('is not nothing because the bucket is not there', async () => {
    expect(await replicatedDeletions(embedded.s3, 'gone')).toBe(
      'Whether gone replicates its deletions could not be found out (NoSuchBucket).',
    );
  });

  it('is told by a rule that does not say where to', async () => {
    const Rules = [{ Status: 'Enabled' }];
    const s3 = intercepted(embedded.s3, async () => ({ ReplicationConfiguration: { Role, Rules } }));
    expect(await replicatedDeletions(s3, 'old')).toContain('what is deleted in old to another bucket, where');
  });
});

describe('a source that replicates its deletions to the destination', () => {
  let harness: CliHarness;
  beforeAll(async () => {
    harness = await startCliHarness();
  });
  afterAll(() => harness?.stop());

  it('is not retired: the delete markers would hide there what was proven', async () => {
    const { s3 } = harness;
    const { source, destination, retire } = await migratedSetting(harness, async (Bucket) => {
      const VersioningConfiguration = { Status: 'Enabled' } as const;
      await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
      await put(s3, Bucket, 'a', 'a');
    });
    const ReplicationConfiguration = { Role, Rules: [to(destination, filtered('Enabled'))] };
    await s3.send(new PutBucketReplicationCommand({ Bucket: source, ReplicationConfiguration }));
    const refused = await retire('--accept-idle', '--purge');
    expect(refused).toMatchObject({ code: 6, result: { retired: null } });
    const failing = (refused.result.gates as { name: string; passed: boolean }[]).filter((g) => !g.passed);
    expect(failing.map(({ name }) => name)).toEqual(['replication']);
    expect((await contents(s3, source)).size).toBe(1);

    await s3.send(new DeleteBucketReplicationCommand({ Bucket: source }));
    expect((await retire('--accept-idle', '--purge')).code).toBe(0);
  });
});
