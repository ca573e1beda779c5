import { type BucketLocationConstraint, CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { makeSnapshot } from '../../support/chroma-snapshots';
import { contents, put, putDelta, putSnapshot } from '../../support/old-buckets';
import { type CliHarness, startCliHarness } from './cli-harness';

/** D21: the source and the destination in two regions, neither of them the operator's own. */
const [OLD, NEW] = ['chroma-ireland', 'chroma-tokyo'];

/** Makes a bucket in a region, and a client of that region. */
async function clientIn(
  harness: CliHarness,
  bucket: string,
  LocationConstraint: BucketLocationConstraint,
): Promise<S3Client> {
  await harness.s3.send(
    new CreateBucketCommand({ Bucket: bucket, CreateBucketConfiguration: { LocationConstraint } }),
  );
  return new S3Client({
    endpoint: harness.endpoint,
    region: LocationConstraint,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local-secret' },
    forcePathStyle: true,
  });
}

describe.each([
  ['sends a request on to another region', []],
  ['refuses one that was signed for another region', ['refuses-other-regions' as const]],
])('a server that %s', (_, quirks) => {
  let harness: CliHarness;
  let ireland: S3Client;
  let tokyo: S3Client;
  beforeAll(async () => {
    harness = await startCliHarness({ quirks });
    ireland = await clientIn(harness, OLD, 'eu-west-1');
    tokyo = await clientIn(harness, NEW, 'ap-northeast-1');
  });
  afterAll(async () => {
    ireland?.destroy();
    tokyo?.destroy();
    await harness?.stop();
  });

  it('lets both be found, compared, copied, frozen, verified and retired', async () => {
    const snapshot = await makeSnapshot(3);
    for (const collection of ['lines', 'words'] as const) {
      await putSnapshot(ireland, OLD, collection, '20260101_120000', snapshot);
      await putDelta(ireland, OLD, collection, 'a');
    }
    await put(ireland, OLD, 'ocr/large.bin', Buffer.alloc(11 * 1024 ** 2, 'x'));
    const before = await contents(ireland, OLD);

    const { result: discovery } = await harness.json('discover');
    expect(discovery.candidates).toMatchObject([
      { name: OLD, problem: null },
      { name: NEW, problem: null },
    ]);
    expect((await harness.json('authority')).result).toMatchObject({ exit_code: 0, winner: OLD });
    const planned = await harness.json('plan', '--source', OLD, '--dest', NEW);
    expect(planned.result).toMatchObject({
      exit_code: 0,
      plan: {
        region: 'ap-northeast-1',
        source_region: 'eu-west-1',
        transfer: { price: expect.stringContaining('aws.amazon.com/s3/pricing') },
      },
    });
    const { transfer, actions, permissions } = planned.result.plan as {
      transfer: { bytes: number };
      actions: { copy: { bytes: number } };
      permissions: { resource: string }[];
    };
    expect(transfer.bytes).toBe(actions.copy.bytes);
    expect(permissions.map(({ resource }) => resource)).toEqual(
      expect.arrayContaining([
        'arn:aws:kms:ap-northeast-1:000000000000:key/*',
        'arn:aws:kms:eu-west-1:000000000000:key/*',
      ]),
    );
    const shown = (await harness.run(['show', 'plan.json'])).stdout;
    expect(shown).toMatch(
      /\$0\.0002 of it is for moving 11\.\d MiB from eu-west-1 to ap-northeast-1 \(\$0\.02 a GB/,
    );

    const apply = ['apply', 'plan.json', '--confirm', OLD, '--settle', '0', '--multipart-above', '8388608'];
    const applied = await harness.json(...apply);
    expect(applied.result).toMatchObject({ exit_code: 0, verification: { proven: true } });
    expect((await harness.json('status', '--source', OLD)).result).toMatchObject({ frozen: true });
    expect((await harness.json('verify', 'plan.json', '--deep')).result).toMatchObject({ proven: true });
    expect([...(await contents(tokyo, NEW)).keys()]).toEqual([...before.keys()]);

    const retire = ['retire', 'plan.json', '--soak', '0', '--accept-unchecked', 'state', '--accept-idle'];
    await harness.declare({
      functions: [{ name: 'reader', region: 'eu-west-1', environment: { BUCKET: OLD } }],
      stateMachines: [{ name: 'nightly', region: 'ap-northeast-1', definition: `s3://${OLD}/` }],
    });
    const refused = await harness.json(...retire, '--confirm', OLD);
    expect(refused.result).toMatchObject({
      exit_code: 6,
      gates: expect.arrayContaining([
        expect.objectContaining({
          name: 'lambda',
          passed: false,
          evidence: `${OLD} is still named by Lambda reader ($LATEST) in eu-west-1: BUCKET.`,
        }),
        expect.objectContaining({
          name: 'step-functions',
          passed: false,
          evidence: `${OLD} is still named by Step Functions nightly in ap-northeast-1: definition.`,
        }),
      ]),
    });
    await harness.declare({
      functions: [{ name: 'reader', region: 'eu-west-1', environment: { BUCKET: NEW } }],
      stateMachines: [{ name: 'nightly', region: 'ap-northeast-1', definition: `s3://${NEW}/` }],
    });
    const retired = await harness.json(...retire, '--mode', 'delete', '--confirm', OLD);
    expect(retired.result).toMatchObject({ exit_code: 0, retired: { bucket_deleted: true } });
  });
});
