import {
  type Event,
  type NotificationConfiguration,
  PutBucketNotificationConfigurationCommand,
} from '@aws-sdk/client-s3';
import { deletionListeners } from '../../../../cli/migrate-buckets/retirement/deletion-listeners';
import { useEmbeddedS3 } from '../../../support/embedded-s3';
import { intercepted } from '../../../support/intercepted-client';
import { contents } from '../../../support/old-buckets';
import { type CliHarness, startCliHarness } from '../cli-harness';
import { migratedSetting } from '../migration-setting';

const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:removed';
const toQueue = (...Events: Event[]): NotificationConfiguration => ({
  QueueConfigurations: [{ QueueArn: QUEUE, Events }],
});
const LAMBDA = 'arn:aws:lambda:us-east-1:000000000000:function:mirror';
const TOPIC = 'arn:aws:sns:us-east-1:000000000000:removed';

describe('who is told of what is deleted in a bucket', () => {
  const embedded = useEmbeddedS3();

  it.each<[string, NotificationConfiguration, string | null]>([
    ['nobody, without a configuration', {}, null],
    ['nobody, by what tells of new objects', toQueue('s3:ObjectCreated:*', 's3:ObjectRestore:Post'), null],
    ['a queue, by all events of the kind', toQueue('s3:ObjectCreated:*', 's3:ObjectRemoved:*'), QUEUE],
    ['a queue, by deletions', toQueue('s3:ObjectRemoved:Delete'), QUEUE],
    ['a queue, by delete markers', toQueue('s3:ObjectRemoved:DeleteMarkerCreated'), QUEUE],
  ])('is %s', async (_what, NotificationConfiguration, who) => {
    const Bucket = await embedded.bucket();
    await embedded.s3.send(
      new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }),
    );
    const told = await deletionListeners(embedded.s3, Bucket);
    if (who === null) expect(told).toBeNull();
    else expect(told).toContain(`S3 tells ${who} of what is deleted in ${Bucket}, and`);
  });

  // The embedded S3 tells queues only.
  it.each<[string, NotificationConfiguration, string | null]>([
    [
      'a function and a topic, each once',
      {
        LambdaFunctionConfigurations: [
          { LambdaFunctionArn: LAMBDA, Events: ['s3:ObjectRemoved:Delete'] },
          { LambdaFunctionArn: LAMBDA, Events: ['s3:ObjectRemoved:DeleteMarkerCreated'] },
        ],
        TopicConfigurations: [{ TopicArn: TOPIC, Events: ['s3:ObjectRemoved:*'] }],
      },
      `${LAMBDA}, ${TOPIC}`,
    ],
    [
      'no function and no topic that hear of other things',
      {
        LambdaFunctionConfigurations: [{ LambdaFunctionArn: LAMBDA, Events: ['s3:ObjectCreated:*'] }],
        TopicConfigurations: [{ TopicArn: TOPIC, Events: ['s3:ReducedRedundancyLostObject'] }],
      },
      null,
    ],
    [
      'somebody, where S3 does not say whom',
      { QueueConfigurations: [{ QueueArn: undefined, Events: ['s3:ObjectRemoved:*'] }] },
      'somebody',
    ],
    ['EventBridge, whatever else there is', { EventBridgeConfiguration: {} }, 'EventBridge'],
  ])('is %s', async (_what, answer, who) => {
    const told = await deletionListeners(
      intercepted(embedded.s3, async () => answer),
      'old',
    );
    if (who === null) expect(told).toBeNull();
    else expect(told).toContain(`S3 tells ${who} of what`);
  });

  it('is nobody on a server without notifications, and open where it is not told', async () => {
    const Bucket = await embedded.bucket();
    const failing = async (fail: 'AccessDenied' | 'NotImplemented') => {
      // However often: after a 501, as after any failure of a server, the same is asked again.
      await embedded.admin.inject({ operation: 'GetBucketNotificationConfiguration', fail, times: 0 });
      const told = await deletionListeners(embedded.s3, Bucket);
      await embedded.admin.clearFaults();
      return told;
    };
    expect(await failing('NotImplemented')).toBeNull();
    expect(await failing('AccessDenied')).toBe(
      `Whether anybody is told of what is deleted in ${Bucket} could not be found out (AccessDenied).`,
    );
  });
});

describe('a source whose deletions somebody is told of', () => {
  let harness: CliHarness;
  beforeAll(async () => {
    harness = await startCliHarness();
  });
  afterAll(() => harness?.stop());

  it('is not retired, unless the operator says that it does no harm', async () => {
    const { s3 } = harness;
    const { source, retire } = await migratedSetting(harness, { a: 'a' });
    const NotificationConfiguration = toQueue('s3:ObjectRemoved:*');
    await s3.send(
      new PutBucketNotificationConfigurationCommand({ Bucket: source, NotificationConfiguration }),
    );
    const refused = await retire('--accept-idle');
    expect(refused).toMatchObject({ code: 6, result: { retired: null } });
    const failing = (refused.result.gates as { name: string; passed: boolean }[]).filter((g) => !g.passed);
    expect(failing.map(({ name }) => name)).toEqual(['listeners']);
    expect((await contents(s3, source)).size).toBe(1);

    const retired = await retire('--accept-idle', '--accept-listeners');
    expect(retired.code).toBe(0);
    expect(retired.result.gates).toContainEqual(
      expect.objectContaining({ name: 'listeners', passed: true, overridden: true }),
    );
  });
});
