import { S3Client } from '@aws-sdk/client-s3';
import { type Moto, startMoto } from '../../../../packages/local-aws/__tests__/support/moto';
import { describeWith, MOTO } from '../../../../packages/local-aws/__tests__/support/requirements';
import { type FaultyProxy, type ProxyFault, startFaultyProxy } from '../../../support/faulty-proxy';
import { createBucket, put } from '../../../support/old-buckets';
import { seededRandom } from '../../../support/seeded-random';
import { type CliHarness, startCliHarness } from '../cli-harness';
import { numbered } from '../migration-setting';
import { differences } from './judge';

const KINDS = ['refused', 'failed', 'before', 'after', 'middle', 'never'] as const;
/** Requests of a command, as far as faults reach. */
const REACH = 24;

/** moto refuses no copy under a condition, so that apply rightly refuses to begin: what only reads is left. */
describeWith([MOTO], 'Against moto behind a connection with faults', () => {
  let [harness, moto, proxy, s3]: [CliHarness?, Moto?, FaultyProxy?, S3Client?] = [];
  beforeAll(async () => {
    [harness, moto] = await Promise.all([startCliHarness(), startMoto()]);
    proxy = await startFaultyProxy(moto.endpoint);
    s3 = new S3Client({
      endpoint: moto.endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'secret' },
      forcePathStyle: true,
    });
  });
  afterAll(async () => {
    s3?.destroy();
    await Promise.all([harness?.stop(), proxy?.stop()]);
    await moto?.stop();
  });

  it.each([1, 2, 3])('plan, verify and doctor say nothing that is not so, and end: seed %p', async (seed) => {
    if (harness === undefined || proxy === undefined || s3 === undefined)
      throw new Error('Nothing was started.');
    const random = seededRandom(seed);
    const buckets = { source: `moto-old-${seed}`, destination: `moto-new-${seed}`, other: '' };
    const { source, destination } = buckets;
    for (const bucket of [source, destination]) await createBucket(s3, bucket);
    for (const [key, body] of Object.entries(numbered(6))) {
      await put(s3, source, key, body);
      if (random.chance(0.8)) await put(s3, destination, key, random.chance(0.8) ? body : `other ${body}`);
    }
    const { endpoint } = proxy;
    const environment = {
      AWS_ENDPOINT_URL: endpoint,
      AWS_ENDPOINT_URL_S3: endpoint,
      AWS_ENDPOINT_URL_STS: endpoint,
    };
    const pair = ['--source', source, '--dest', destination];
    const run = async (faults: readonly ProxyFault[], ...args: string[]) => {
      proxy?.set(faults);
      const { code, stderr, events } =
        (await harness?.run([...args, '--request-timeout', '0.5', '--json'], environment)) ?? {};
      expect({ stderr, bug: events?.at(-1)?.event === 'bug' }).toEqual({ stderr: '', bug: false });
      return { code, result: events?.at(-1) ?? {} };
    };
    const faults = () =>
      Array.from({ length: 3 }, () => ({ nth: 1 + random.below(REACH), kind: random.pick(KINDS) }));
    const equal = (await differences(s3, buckets)).length === 0;
    const planning = ['plan', ...pair, '--bucket', source, '--overwrite', '--out', `moto-${seed}.json`];
    for (const wrong of [faults(), []]) {
      const plan = await run(wrong, ...planning);
      if (plan.code === 0) {
        const { actions } = plan.result.plan as {
          actions: Record<'copy' | 'replace' | 'keep', { objects: number }>;
        };
        expect(actions.copy.objects + actions.replace.objects + actions.keep.objects).toBe(6);
      } else expect([plan.code, wrong.length > 0]).toEqual([1, true]);
      const verified = await run(wrong, 'verify', ...pair);
      if (wrong.length === 0 || verified.code !== 1) expect(verified.code).toBe(equal ? 0 : 3);
      const examined = await run(wrong, 'doctor', ...pair, '--settle', '0');
      expect(wrong.length === 0 ? [6] : [1, 6]).toContain(examined.code);
    }
  });
});
