import { setTimeout } from 'node:timers/promises';
import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { METRICS } from '../../contracts/metrics';
import { messageOf, type Telemetry } from './logging';
import { type Quarantine, UnreadableInput } from './quarantine';

/** What a message may take of the invocation's time, so that there is some left to answer for the others. */
const WORKING_SHARE = 0.95;

/**
 * Makes the handler of a Standard queue from a function that handles ONE message and throws when it cannot.
 *
 * A message that throws {@link UnreadableInput} is kept in quarantine and acknowledged: delivering it again
 * cannot help, and the dead-letter queue stays what an operator may redrive without looking. Any other error
 * reports that one message back, so that it comes again and ends in the dead-letter queue. The batch's other
 * messages go on either way. One that is not done when the invocation's time is nearly up is reported back as well: if Lambda
 * ended the function instead, all would come again, and those that are long done would end in the dead-letter queue with it.
 */
export function createSqsHandler(
  handleMessage: (record: SQSRecord) => Promise<void>,
  quarantine: Quarantine,
  { logger, metrics }: Telemetry,
): (event: SQSEvent, context: Context) => Promise<SQSBatchResponse> {
  const handle = (record: SQSRecord): Promise<void> =>
    handleMessage(record).catch(async (error: unknown) => {
      if (!(error instanceof UnreadableInput)) throw error;
      await quarantine({ messageId: record.messageId, body: record.body }, error.message);
    });
  const handleRecord = async (record: SQSRecord, outOfTime: Promise<never>): Promise<void> => {
    try {
      await Promise.race([handle(record), outOfTime]);
    } catch (error) {
      logger.error('A message failed and will be delivered again', {
        message_id: record.messageId,
        receive_count: record.attributes?.ApproximateReceiveCount,
        reason: messageOf(error),
        error,
      });
      metrics.addMetric(METRICS.recordsFailed, MetricUnit.Count, 1);
      throw error;
    }
  };
  const processor = new BatchProcessor(EventType.SQS);

  return async (event, context) => {
    logger.addContext(context);
    const end = new AbortController();
    const outOfTime = endOfTime(context, end.signal);
    try {
      return await processPartialResponse(
        event,
        (record: SQSRecord) => handleRecord(record, outOfTime),
        processor,
        {
          context,
          // The same answer whether one message fails or all do; the metric and the alarms on age tell the rest.
          throwOnFullBatchFailure: false,
        },
      );
    } finally {
      end.abort();
      if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
    }
  };
}

/** Rejects when the invocation's time is nearly up, unless it is aborted before. */
function endOfTime(context: Context, signal: AbortSignal): Promise<never> {
  const left = context.getRemainingTimeInMillis() * WORKING_SHARE;
  const outOfTime = setTimeout(left, undefined, { signal }).then(() => {
    throw new Error(
      `It was not done when the time of ${context.functionName} was nearly up. Look for what is slow, most often the embedding endpoint; if that is as it should be, raise functions.timeout.`,
    );
  });
  // Whoever waits for it is told; after the last message nobody does.
  outOfTime.catch(() => {});
  return outOfTime;
}

/**
 * The JSON value of a message's body.
 *
 * @throws {UnreadableInput} when it is not JSON.
 */
export function parseBody(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new UnreadableInput('The message body is not JSON.');
  }
}
