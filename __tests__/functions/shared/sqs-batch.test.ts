import type { Context, SQSEvent, SQSRecord } from 'aws-lambda';
import { createTelemetry } from '../../../functions/shared/logging';
import { createSqsHandler } from '../../../functions/shared/sqs-batch';

const record = (messageId: string): SQSRecord =>
  ({ messageId, body: messageId, attributes: { ApproximateReceiveCount: '1' } }) as SQSRecord;
const contextWith = (left: number) =>
  ({ functionName: 'embed', awsRequestId: 'a', getRemainingTimeInMillis: () => left }) as Context;
const telemetry = createTelemetry('embed-from-ndjson');
const error = jest.spyOn(telemetry.logger, 'error').mockImplementation(() => {});

/** Handles messages of which one is never done, with so many milliseconds left. */
function deliver(left: number, ...ids: string[]) {
  const handler = createSqsHandler(
    ({ body }) => (body === 'endless' ? new Promise<void>(() => {}) : Promise.resolve()),
    async () => {},
    telemetry,
  );
  return handler({ Records: ids.map(record) } as SQSEvent, contextWith(left));
}

it('reports a message alone that is not done when the time is nearly up, and says so', async () => {
  expect(await deliver(300, 'done', 'endless', 'done too')).toEqual({
    batchItemFailures: [{ itemIdentifier: 'endless' }],
  });
  expect(error.mock.calls).toEqual([
    [
      expect.any(String),
      expect.objectContaining({
        message_id: 'endless',
        reason: expect.stringMatching(/time of embed was nearly up.*functions\.timeout/),
      }),
    ],
  ]);
});

it('waits for nothing when all is done', async () => {
  expect(await deliver(3_600_000, 'done')).toEqual({ batchItemFailures: [] });
});
