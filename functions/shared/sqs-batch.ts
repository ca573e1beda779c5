import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { METRICS } from '../../contracts/metrics';
import { messageOf, type Telemetry } from './logging';
import { type Quarantine, UnreadableInput } from './quarantine';

/**
 * Makes the handler of a Standard queue from a function that handles ONE message and throws when it cannot.
 *
 * A message that throws {@link UnreadableInput} is kept in quarantine and acknowledged: delivering it again
 * cannot help, and the dead-letter queue stays what an operator may redrive without looking. Any other error
 * reports that one message back, so that it comes again and ends in the dead-letter queue. The batch's other
 * messages go on either way.
 */
export function createSqsHandler(
  handleMessage: (record: SQSRecord) => Promise<void>,
  quarantine: Quarantine,
  { logger, metrics }: Telemetry,
): (event: SQSEvent, context: Context) => Promise<SQSBatchResponse> {
  const handleRecord = async (record: SQSRecord): Promise<void> => {
    try {
      await handleMessage(record).catch(async (error: unknown) => {
        if (!(error instanceof UnreadableInput)) throw error;
        await quarantine({ messageId: record.messageId, body: record.body }, error.message);
      });
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
    try {
      return await processPartialResponse(event, handleRecord, processor, {
        context,
        // The same answer whether one message fails or all do; the metric and the alarms on age tell the rest.
        throwOnFullBatchFailure: false,
      });
    } finally {
      if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
    }
  };
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
