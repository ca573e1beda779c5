import type { Draft, Planted } from './draft';

/** Takes every resource of a type away, or those alone of which the attributes hold a text. */
const without = (type: string, text: string, says: RegExp): Planted => ({
  what: text === '' ? `no ${type}` : `no ${type} with ${text}`,
  guard: 'nothingMissing',
  says,
  plant: ({ json }: Draft) => {
    const all = Object.entries(json.resource[type] ?? {});
    const left = all.filter(([, attributes]) => !JSON.stringify(attributes).includes(text));
    if (left.length === all.length) throw new Error(`There is no ${type} with ${text}.`);
    json.resource[type] = Object.fromEntries(left);
  },
});

const TYPES = [
  'aws_cloudwatch_event_rule',
  'aws_cloudwatch_event_target',
  'aws_lambda_permission',
  'aws_lambda_function_event_invoke_config',
  'aws_sns_topic',
  'aws_efs_file_system_policy',
];

/** Of what the first queue of the pipeline, one that is FIFO, one of dead letters, and a function are called in AWS. */
const WATCHED = {
  'aws_sqs_queue.ocr_results': 'chroma-pipeline-test-ocr-results"',
  'aws_sqs_queue.lines': 'chroma-pipeline-test-lines.fifo',
  'aws_sqs_queue.words_dlq': 'chroma-pipeline-test-words-dlq.fifo',
  'aws_sqs_queue.lost_events_dlq': 'chroma-pipeline-test-lost-events-dlq',
  'aws_lambda_function.enhanced_compaction': '"FunctionName":"chroma-pipeline-test-enhanced-compaction"',
};

export const plantedGaps: readonly Planted[] = [
  ...TYPES.map((type) => without(type, '', RegExp(`^The stack has no ${type}: `))),
  ...Object.entries(WATCHED).map(([address, name]) =>
    without('aws_cloudwatch_metric_alarm', name, RegExp(`^${address} is named by no alarm`)),
  ),
];
