import { consumerTargets } from '../../../stacks/guards/consumer-targets';
import { type Blocks, findings, one } from '../../support/guard-findings';

const MAPPING = 'aws_lambda_event_source_mapping';
const reference = (address: string) => `\${${address}.arn}`;

const FEEDS = [
  ['aws_sqs_queue.ocr_results', 'aws_lambda_function.process_ocr_results'],
  ['aws_sqs_queue.embed_ndjson', 'aws_lambda_function.embed_from_ndjson'],
  ['aws_dynamodb_table.compaction_runs', 'aws_lambda_function.stream_processor'],
  ['data.aws_dynamodb_table.compaction_runs', 'aws_lambda_function.stream_processor'],
] as const;

const blocks = (source: string, target: string, changes: object = {}): Blocks => ({
  [source]: {},
  ...Object.fromEntries(FEEDS.map(([, consumer]) => [consumer, {}])),
  'aws_lambda_function.reconcile_runs': {},
  [`${MAPPING}.feed`]: {
    event_source_arn: reference(source),
    function_name: reference(target),
    function_response_types: ['ReportBatchItemFailures'],
    ...changes,
  },
});

it.each(FEEDS)('accepts %s at %s', (source, target) => {
  expect(findings(consumerTargets, blocks(source, target))).toEqual([]);
});

it.each(FEEDS)('refuses %s anywhere else than at %s', (source, target) => {
  expect(findings(consumerTargets, blocks(source, 'aws_lambda_function.reconcile_runs'))).toEqual(
    one(RegExp(`feed feeds ".*reconcile_runs.arn}", not ${target}`)),
  );
  expect(findings(consumerTargets, blocks(source, target, { function_name: 'unknown' }))).toEqual(
    one(/feeds "unknown", not/),
  );
});

it('leaves other sources to other guards, whatever they feed and whether enabled or not', () => {
  const lines = blocks('aws_sqs_queue.lines', 'aws_lambda_function.reconcile_runs', { enabled: false });
  expect(findings(consumerTargets, lines)).toEqual([]);
  const untraced = blocks('aws_sqs_queue.lines', 'aws_lambda_function.reconcile_runs', {
    event_source_arn: 'somewhere',
  });
  expect(findings(consumerTargets, untraced)).toEqual([]);
});

it('refuses a disabled mapping of these sources', () => {
  const [[source, target]] = FEEDS;
  expect(findings(consumerTargets, blocks(source, target, { enabled: false }))).toEqual(one(/is disabled/));
  expect(findings(consumerTargets, blocks(source, target, { enabled: true }))).toEqual([]);
});

it.each([undefined, [], 'Other', ['Other']])(
  'refuses the response types %j, whatever the source',
  (types) => {
    const mute = blocks('aws_sqs_queue.lines', 'aws_lambda_function.reconcile_runs', {
      function_response_types: types,
    });
    expect(findings(consumerTargets, mute)).toEqual(one(/does not report failures one by one/));
  },
);
