import { texts } from '../synthesized/json';
import { consumers } from './consumers';
import type { Guard } from './guard';

/** Which function is fed from where. Lines and words are the configuration's choice: see `consumerChoice`. */
const TARGETS: Readonly<Record<string, string>> = {
  'aws_sqs_queue.ocr_results': 'aws_lambda_function.process_ocr_results',
  'aws_sqs_queue.embed_ndjson': 'aws_lambda_function.embed_from_ndjson',
  'aws_dynamodb_table.compaction_runs': 'aws_lambda_function.stream_processor',
  'data.aws_dynamodb_table.compaction_runs': 'aws_lambda_function.stream_processor',
};

/**
 * Every mapping feeds the function that understands its messages, is enabled, and honours partial batch
 * responses: without those, one success acknowledged nine failures.
 */
export const consumerTargets: Guard = (stack) =>
  consumers(stack).flatMap(({ block, source, functionName }) => {
    const { where, address, attributes } = block;
    const expected = TARGETS[stack.target(source)?.address ?? ''];
    const wrong = [
      [
        expected !== undefined && stack.target(functionName)?.address !== expected,
        `feeds ${JSON.stringify(functionName)}, not ${expected}`,
      ],
      [expected !== undefined && attributes.enabled === false, 'is disabled, so that its source piles up'],
      [
        !texts(attributes.function_response_types).includes('ReportBatchItemFailures'),
        'does not report failures one by one, so that a failed message is acknowledged with its batch',
      ],
    ] as const;
    return wrong
      .filter(([bad]) => bad)
      .map(([, fault]) => ({
        where,
        what: `${address} ${fault}.`,
        remedy: 'Restore what stacks/pipeline declares.',
      }));
  });
