import { randomUUID } from 'node:crypto';
import {
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { freezePolicy, freezeStatement } from '../../../../cli/migrate-buckets/freeze/freeze-policy';
import { listOwnVersions } from '../../../../cli/migrate-buckets/listing/list-versions';
import { PROBE_PREFIX } from '../../../../contracts/migrate-buckets/own-objects';
import { CAPABILITIES } from '../../../../contracts/migrate-buckets/words';
import { type EmbeddedS3, useEmbeddedS3 } from '../../../support/embedded-s3';
import { type Command, intercepted } from '../../../support/intercepted-client';
import { examined, named, OURSELVES } from './examination';

/** Two buckets with an object each. */
async function pair(embedded: EmbeddedS3) {
  const [source, destination] = [await embedded.bucket(), await embedded.bucket()];
  await embedded.put(source, 'theirs', 'content');
  await embedded.put(destination, 'theirs', 'content');
  return { source, destination };
}

const clients: S3Client[] = [];
const clientOf = async ({ s3 }: EmbeddedS3, accessKeyId: string) => {
  const { endpoint } = s3.config;
  const { protocol, hostname, port } = (await endpoint?.()) ?? { protocol: '', hostname: '', port: 0 };
  const client = new S3Client({
    endpoint: `${protocol}//${hostname}:${port}`,
    region: 'us-east-1',
    credentials: { accessKeyId, secretAccessKey: 'secret' },
    forcePathStyle: true,
  });
  clients.push(client);
  return client;
};
afterAll(() => {
  for (const client of clients) client.destroy();
});

describe('A3: a server that does as S3 does', () => {
  const embedded = useEmbeddedS3();
  const policyOf = (Bucket: string) =>
    embedded.s3.send(new GetBucketPolicyCommand({ Bucket })).then(
      ({ Policy }) => Policy,
      () => undefined,
    );
  const versionsIn = async (Bucket: string) => {
    const page = await embedded.s3.send(new ListObjectVersionsCommand({ Bucket }));
    return [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map(({ Key }) => Key);
  };

  it('is proven to, capability by capability, also to deny a second principal', async () => {
    const buckets = await pair(embedded);
    const second = await clientOf(embedded, 'app');
    const { checks, left } = await examined(embedded.s3, { ...buckets, second });
    expect(named(checks, 'missing', 'denied', 'unchecked')).toEqual([]);
    expect(named(checks, 'proven').sort()).toEqual([...CAPABILITIES].sort());
    expect(left).toEqual([]);
  });

  it.each([undefined, 'Enabled', 'Suspended'] as const)(
    'is left as it was, and no object of others is touched, where versioning is %s',
    async (Status) => {
      const { source, destination } = await pair(embedded);
      for (const Bucket of [source, destination]) {
        const VersioningConfiguration = { Status };
        if (Status !== undefined)
          await embedded.s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
      }
      const { checks } = await examined(embedded.s3, { source, destination });
      expect(named(checks, 'missing', 'denied')).toEqual([]);
      for (const bucket of [source, destination]) {
        expect(await versionsIn(bucket)).toEqual(['theirs']);
        expect(await embedded.text(bucket, 'theirs')).toBe('content');
      }
      expect(await policyOf(source)).toBeUndefined();
    },
  );

  it('gets its policy back byte for byte, and its lifecycle as it was', async () => {
    const { source, destination } = await pair(embedded);
    const Policy = `{"Statement":\n {"Effect":"Deny","Principal":"*","Action":"s3:PutBucketCORS","Resource":"arn:aws:s3:::${source}"} }`;
    await embedded.s3.send(new PutBucketPolicyCommand({ Bucket: source, Policy }));
    const Rules = [
      { ID: 'old', Status: 'Enabled' as const, Filter: { Prefix: 'x/' }, Expiration: { Days: 9 } },
    ];
    await embedded.s3.send(
      new PutBucketLifecycleConfigurationCommand({ Bucket: source, LifecycleConfiguration: { Rules } }),
    );
    await examined(embedded.s3, { source, destination });
    expect(await policyOf(source)).toBe(Policy);
    const after = await embedded.s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket: source }));
    expect(after.Rules).toEqual(Rules);
    expect(await embedded.admin.requests()).toMatchObject({ PutBucketLifecycleConfiguration: 2 });
  });

  it('keeps what somebody adds to the policy during the trial', async () => {
    const { source, destination } = await pair(embedded);
    const theirs = {
      Sid: 'Theirs',
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:PutBucketCORS',
      Resource: `arn:aws:s3:::${source}`,
    };
    let added = false;
    const watched = intercepted(embedded.s3, async (command: Command, send) => {
      if (String(command.input.Key).includes('frozen/by-ourselves') && !added) {
        added = true;
        const { Statement } = JSON.parse((await policyOf(source)) ?? '');
        const Policy = JSON.stringify({ Statement: [...Statement, theirs] });
        await embedded.s3.send(new PutBucketPolicyCommand({ Bucket: source, Policy }));
      }
      return send();
    });
    await examined(watched, { source, destination });
    expect(added).toBe(true);
    expect(JSON.parse((await policyOf(source)) ?? '')).toEqual({ Statement: [theirs] });
  });

  it('has its policy put back, and its places cleared, when the examination is cut off', async () => {
    const { source, destination } = await pair(embedded);
    await expect(
      examined(
        intercepted(embedded.s3, (command: Command, send) =>
          String(command.input.Key).includes('frozen/by-ourselves')
            ? Promise.reject(new Error('cut off'))
            : send(),
        ),
        { source, destination },
      ),
    ).rejects.toThrow('cut off');
    expect(await policyOf(source)).toBeUndefined();
    expect(await versionsIn(source)).toEqual(['theirs']);
  });

  it('is not written to where it is frozen: then conditional deletion and the freeze are not checked', async () => {
    const { source, destination } = await pair(embedded);
    const Policy = freezePolicy(null, source, freezeStatement(source, [OURSELVES]));
    await embedded.s3.send(new PutBucketPolicyCommand({ Bucket: source, Policy }));
    await embedded.admin.resetRequests();
    const { checks } = await examined(embedded.s3, { source, destination });
    const open = checks.filter(({ result }) => result === 'unchecked');
    expect(open.map(({ capability, bucket }) => [capability, bucket])).toEqual([
      ['listing', source],
      ['versions', source],
      ['conditional-delete', source],
      ['freeze', source],
    ]);
    expect(open[2]?.evidence).toBe(`${source} is frozen, so nothing was written to it.`);
    expect(await policyOf(source)).toBe(Policy);
  });

  it('is not asked to freeze where nothing will be frozen', async () => {
    const { checks } = await examined(embedded.s3, { ...(await pair(embedded)), principals: undefined });
    expect(checks.map(({ capability }) => capability)).not.toContain('freeze');
    expect(await embedded.admin.requests()).not.toHaveProperty('PutBucketPolicy');
  });

  it('C14: tells which permission to freeze is lacking', async () => {
    for (const [operation, doing] of [
      ['PutBucketPolicy', 'by its policy'],
      ['PutBucketLifecycleConfiguration', 'write the lifecycle'],
    ] as const) {
      const { source, destination } = await pair(embedded);
      const Rules = [{ ID: 'old', Status: 'Enabled' as const, Filter: {}, Expiration: { Days: 9 } }];
      await embedded.s3.send(
        new PutBucketLifecycleConfigurationCommand({ Bucket: source, LifecycleConfiguration: { Rules } }),
      );
      await embedded.admin.inject({ operation, fail: 'AccessDenied', times: 0 });
      const { checks } = await examined(embedded.s3, { source, destination });
      expect(named(checks, 'denied')).toEqual(['freeze']);
      expect(checks.find(({ result }) => result === 'denied')?.evidence).toContain(doing);
      await embedded.admin.clearFaults();
    }
  });

  it.each([
    ['ListObjectVersions', ['versions']],
    ['PutObject', ['conditional-put', 'conditional-copy', 'conditional-part-copy', 'tags']],
    ['GetObjectTagging', ['tags']],
    ['UploadPartCopy', ['conditional-part-copy']],
  ])('C14: tells what is denied to the caller without %s at the destination', async (operation, expected) => {
    const { source, destination } = await pair(embedded);
    await embedded.admin.inject({ operation, bucket: destination, fail: 'AccessDenied', times: 0 });
    const { checks } = await examined(embedded.s3, { source, destination });
    expect(named(checks, 'denied')).toEqual(expected);
    expect(named(checks, 'missing')).toEqual([]);
  });

  it('is not checked for what only writing shows, where the source may not be written to', async () => {
    const { source, destination } = await pair(embedded);
    await embedded.admin.inject({ operation: 'PutObject', bucket: source, fail: 'AccessDenied', times: 0 });
    const { checks } = await examined(embedded.s3, { source, destination });
    expect(named(checks, 'denied', 'missing')).toEqual([]);
    expect(named(checks, 'unchecked')).toEqual([
      'listing',
      'versions',
      'conditional-delete',
      'freeze-denial',
    ]);
    expect(named(checks, 'proven')).toContain('freeze');
  });

  it('says of a second principal that may not write anyway that its denial shows nothing', async () => {
    const { source, destination } = await pair(embedded);
    const stranger = intercepted(embedded.s3, () =>
      Promise.reject(
        Object.assign(new Error('no'), { name: 'AccessDenied', $metadata: { httpStatusCode: 403 } }),
      ),
    );
    const { checks } = await examined(embedded.s3, { source, destination, second: stranger });
    const denial = checks.find(({ capability }) => capability === 'freeze-denial');
    expect(denial).toMatchObject({ result: 'unchecked', evidence: expect.stringContaining('shows nothing') });
  });

  it('says that the freeze would lock out the operator, too, when the wrong principal is exempted', async () => {
    const { source, destination } = await pair(embedded);
    const principals = ['arn:aws:iam::000000000000:user/somebody-else'];
    const { checks } = await examined(embedded.s3, { source, destination, principals });
    expect(checks.find(({ capability }) => capability === 'freeze-denial')).toMatchObject({
      result: 'missing',
      evidence: expect.stringContaining('--principal'),
    });
  });

  it('takes away what a crashed run left behind, and nothing of a run of now', async () => {
    const { source, destination } = await pair(embedded);
    const [crashed, running] = [
      `${PROBE_PREFIX}${randomUUID()}/present`,
      `${PROBE_PREFIX}${randomUUID()}/present`,
    ];
    const others = [`${PROBE_PREFIX}notes/of-somebody`, '.migrate-buckets/lock', 'theirs'];
    for (const key of [crashed, running, ...others]) await embedded.put(destination, key, 'x');
    const old = intercepted(embedded.s3, async (command: Command, send) => {
      const answer = (await send()) as { Contents?: { Key?: string; LastModified?: Date }[] };
      if (command.constructor.name !== 'ListObjectsV2Command') return answer;
      for (const each of answer.Contents ?? []) {
        if (each.Key === crashed || others.includes(each.Key ?? ''))
          each.LastModified = new Date(Date.now() - 2 * 3_600_000);
      }
      return answer;
    });
    expect((await examined(old, { source, destination })).left).toEqual([]);
    expect(await versionsIn(destination)).toEqual([running, ...others]);
  });

  it('says what could not be removed again', async () => {
    const { source, destination } = await pair(embedded);
    await embedded.admin.inject({
      operation: 'DeleteObject',
      bucket: destination,
      fail: 'AccessDenied',
      times: 0,
    });
    const { left } = await examined(embedded.s3, { source, destination });
    expect(left).toEqual([
      expect.stringMatching(
        /^What was put under \.migrate-buckets\/\.probe\/\S+\/ in \S+ could not be removed \(AccessDenied\)\. Remove it by hand\.$/,
      ),
    ]);
  });

  it.each([
    ['UTF-16 order', (keys: string[]) => keys.sort()],
    ['an order that repeats an entry', (keys: string[]) => [...keys, ...keys.slice(-1)]],
    ['an order that leaves one out', (keys: string[]) => keys.slice(1)],
  ])('is not believed when it lists in %s', async (_what, wrong) => {
    const { source, destination } = await pair(embedded);
    const relisted = intercepted(embedded.s3, async (command: Command, send) => {
      const { Prefix = '', Bucket } = command.input as { Prefix?: string; Bucket?: string };
      if (!(command instanceof ListObjectsV2Command) || !Prefix.endsWith('/objects/')) return send();
      const { Contents = [] } = await embedded.s3.send(new ListObjectsV2Command({ Bucket, Prefix }));
      const keys = wrong(Contents.map(({ Key = '' }) => Key));
      return { Contents: keys.map((Key) => ({ Key })), IsTruncated: false };
    });
    const { checks } = await examined(relisted, { source, destination });
    expect(named(checks, 'missing')).toEqual(['listing']);
  });

  it('goes on after throttling, and never calls it a missing capability', async () => {
    const { source, destination } = await pair(embedded);
    await embedded.admin.inject(
      { operation: 'CopyObject', fail: 'SlowDown', times: 2 },
      { operation: 'DeleteObjects', reset: 'before' },
    );
    expect(named((await examined(embedded.s3, { source, destination })).checks, 'missing')).toEqual([]);
  });
});

describe.each([
  ['ignores-put-conditions', ['conditional-put', 'conditional-part-copy']],
  ['ignores-copy-conditions', ['conditional-copy']],
  ['ignores-copy-source-conditions', ['conditional-copy', 'conditional-part-copy']],
  ['ignores-delete-conditions', ['conditional-delete']],
  ['ignores-expected-owner', ['expected-owner']],
  ['ignores-policies', ['freeze-denial']],
  ['omits-is-truncated', ['listing', 'versions']],
  ['refuses-replicate-actions', []],
] as const)('A3: a server that %s', (quirk, expected) => {
  const embedded = useEmbeddedS3({ quirks: [quirk] });

  it(`is found out: ${expected.join(' and ') || 'nothing'} is missing`, async () => {
    const buckets = await pair(embedded);
    const second = await clientOf(embedded, 'app');
    const { checks, left } = await examined(embedded.s3, { ...buckets, second });
    expect(named(checks, 'missing').sort()).toEqual([...expected].sort());
    expect(named(checks, 'denied', 'unchecked')).toEqual([]);
    expect(left).toEqual([]);
  });
});

describe('B10: a server whose pages are short', () => {
  const embedded = useEmbeddedS3({ maximumKeys: 2 });

  it.each([undefined, 'Enabled'] as const)('is left as it was, where versioning is %s', async (Status) => {
    const { source, destination } = await pair(embedded);
    const others = Array.from({ length: 5 }, (_, index) => `${PROBE_PREFIX}notes/${index}`);
    for (const Bucket of [source, destination]) {
      const VersioningConfiguration = { Status };
      if (Status !== undefined) {
        await embedded.s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
      }
      // In UUIDs as ours are: before them, and behind them.
      for (const key of others) await embedded.put(Bucket, key, 'x');
      for (const end of ['0', 'f']) {
        await embedded.put(Bucket, `${PROBE_PREFIX}${end.repeat(8)}-0000-0000-0000-000000000000/x`, 'x');
      }
    }
    const { left } = await examined(embedded.s3, { source, destination });
    expect(left).toEqual([]);
    for (const bucket of [source, destination]) {
      const found: string[] = [];
      for await (const { key } of listOwnVersions(embedded.s3, bucket, new AbortController().signal))
        found.push(key);
      expect(found.map((key) => key.slice(PROBE_PREFIX.length, PROBE_PREFIX.length + 8))).toEqual([
        '00000000',
        'ffffffff',
      ]);
    }
  });
});
