import { LambdaEventSourceMapping } from '@cdktf/provider-aws/lib/lambda-event-source-mapping';
import type { TerraformStack } from 'cdktf';
import { addRaw, complaints, override } from '../../support/guarded-stack';
import { synthesize } from '../../support/template';

const MAPPING = 'aws_lambda_event_source_mapping';
const WORK = ['ocr_results', 'embed_ndjson', 'lines', 'words'];

describe('every queue has exactly one consumer', () => {
  const mapping = (queue: string) => ({
    event_source_arn: `\${aws_sqs_queue.${queue}.arn}`,
    function_name: `\${aws_lambda_function.stream_processor.arn}`,
  });

  it.each(WORK)('refuses a second one on %s', (queue) => {
    const message = complaints((stack) => addRaw(stack, MAPPING, 'second', mapping(queue)));
    expect(message).toMatch(new RegExp(`oneConsumer: .*aws_sqs_queue.${queue} has 2 consumers.*second`));
  });

  it.each([
    [
      'by its construct',
      (stack: TerraformStack) =>
        void new LambdaEventSourceMapping(stack, 'second', {
          eventSourceArn: mapping('embed_ndjson').event_source_arn,
          functionName: 'embed-ndjson-worker',
        }),
    ],
    [
      'by an override of the stack',
      (stack: TerraformStack) => stack.addOverride(`resource.${MAPPING}.second`, mapping('embed_ndjson')),
    ],
    [
      "with the queue's literal ARN",
      (stack: TerraformStack) =>
        addRaw(stack, MAPPING, 'second', {
          ...mapping('embed_ndjson'),
          event_source_arn: 'arn:aws:sqs:us-east-1:123456789012:chroma-pipeline-test-embed-ndjson',
        }),
    ],
    [
      'as an EventBridge pipe',
      (stack: TerraformStack) =>
        addRaw(stack, 'aws_pipes_pipe', 'second', {
          source: mapping('embed_ndjson').event_source_arn,
          target: mapping('embed_ndjson').function_name,
        }),
    ],
    [
      'through a data source of the same queue',
      (stack: TerraformStack) => {
        stack.addOverride('data.aws_sqs_queue.again', { name: 'chroma-pipeline-test-embed-ndjson' });
        addRaw(stack, MAPPING, 'second', {
          ...mapping('embed_ndjson'),
          event_source_arn: `\${data.aws_sqs_queue.again.arn}`,
        });
      },
    ],
  ])('sees a second one that was added %s', (_way, add) => {
    expect(complaints(add)).toMatch(/oneConsumer: .*aws_sqs_queue.embed_ndjson has 2 consumers/);
  });

  it('refuses a source that cannot be traced to a queue', () => {
    const message = complaints((stack) =>
      addRaw(stack, MAPPING, 'second', {
        ...mapping('lines'),
        event_source_arn: `\${replace(aws_sqs_queue.words.arn, "words", "lines")}`,
      }),
    );
    expect(message).toMatch(/oneConsumer: .*consumers cannot be counted/);
  });

  it('refuses a queue without one', () => {
    const message = complaints((stack) =>
      override(stack, `${MAPPING}.ocr_results_consumer`, {
        event_source_arn: `\${aws_sqs_queue.embed_ndjson.arn}`,
      }),
    );
    expect(message).toMatch(/oneConsumer: .*aws_sqs_queue.ocr_results has no consumer/);
  });

  it.each([...WORK.map((queue) => `${queue}_dlq`), 'lost_events_dlq'])(
    'refuses any on the dead letter queue %s',
    (queue) => {
      const message = complaints((stack) => addRaw(stack, MAPPING, 'eager', mapping(queue)));
      expect(message).toMatch(
        new RegExp(`oneConsumer: .*dead letter queue aws_sqs_queue.${queue} is consumed by .*eager`),
      );
    },
  );

  it('also watches queues that nobody named', () => {
    const message = complaints((stack) => addRaw(stack, 'aws_sqs_queue', 'mine', { name: 'mine' }));
    expect(message).toMatch(/oneConsumer: .*aws_sqs_queue.mine has no consumer/);
  });
});

describe('every mapping feeds the function that understands its messages', () => {
  it.each([
    ['ocr_results', 'process_ocr_results'],
    ['embed_ndjson', 'embed_from_ndjson'],
    ['run_stream', 'stream_processor'],
  ])('refuses another on %s than %s', (source, expected) => {
    const other = { function_name: 'arn:aws:lambda:us-east-1:123456789012:function:chroma-worker-2' };
    const message = complaints((stack) => override(stack, `${MAPPING}.${source}_consumer`, other));
    expect(message).toMatch(
      new RegExp(`consumerTargets: .*${source}_consumer feeds ".*chroma-worker-2", not .*${expected}`),
    );
  });

  it.each(['ocr_results', 'embed_ndjson', 'run_stream'])('refuses a disabled one on %s', (source) => {
    const message = complaints((stack) =>
      override(stack, `${MAPPING}.${source}_consumer`, { enabled: false }),
    );
    expect(message).toMatch(/consumerTargets: .*is disabled/);
  });

  it.each([...WORK, 'run_stream'])(
    'refuses one on %s that acknowledges failures with their batch',
    (source) => {
      const message = complaints((stack) =>
        override(stack, `${MAPPING}.${source}_consumer`, { function_response_types: null }),
      );
      expect(message).toMatch(/consumerTargets: .*does not report failures one by one/);
    },
  );
});

describe("the table's stream has exactly its declared consumer", () => {
  it('refuses a second one', () => {
    const message = complaints((stack) =>
      addRaw(stack, MAPPING, 'second', {
        event_source_arn: `\${aws_dynamodb_table.compaction_runs.stream_arn}`,
        function_name: `\${aws_lambda_function.reconcile_runs.arn}`,
        starting_position: 'LATEST',
      }),
    );
    expect(message).toMatch(/declaredStreamConsumers: .*second.*nobody declared/);
  });

  it.each([
    [{ bisect_batch_on_function_error: false }, 'does not bisect'],
    [{ destination_config: [] }, 'has no on-failure destination'],
    [{ maximum_retry_attempts: -1 }, 'has no bounded number of retries'],
    [{ maximum_record_age_in_seconds: -1 }, 'has no bounded age'],
    [{ filter_criteria: [] }, 'does not filter for new runs and new deltas alone'],
  ])('refuses one that would lose records: %j', (attributes, fault) => {
    const message = complaints((stack) => override(stack, `${MAPPING}.run_stream_consumer`, attributes));
    expect(message).toMatch(new RegExp(`declaredStreamConsumers: .*${fault}`));
  });

  it('refuses to lose it', () => {
    const message = complaints((stack) =>
      override(stack, `${MAPPING}.run_stream_consumer`, { event_source_arn: `\${aws_sqs_queue.lines.arn}` }),
    );
    expect(message).toMatch(/declaredStreamConsumers: .*lost its declared consumer/);
  });
});

describe('the consumer of lines and words is one declared choice', () => {
  const collections = ['lines', 'words'] as const;
  const consumer = (collection: string, template = synthesize()) =>
    template.resource(MAPPING, `${collection}_consumer`);

  it.each(collections)('is enhanced-compaction for %s unless told otherwise', (collection) => {
    expect(consumer(collection)).toMatchObject({
      enabled: true,
      function_name: `\${aws_lambda_function.enhanced_compaction.arn}`,
    });
  });

  it.each(collections)('pauses %s for "none", keeping its one mapping', (collection) => {
    expect(consumer(collection, synthesize({ consumer: 'none' }))).toMatchObject({ enabled: false });
  });

  it.each(collections)('rolls %s back to a legacy function through the same mapping', (collection) => {
    const template = synthesize({ consumer: { legacyFunction: 'chromadb-compaction-prod' } });
    const [legacy] = template.data('aws_lambda_function');
    expect(consumer(collection, template)).toMatchObject({
      enabled: true,
      function_name: `\${${legacy?.address}.arn}`,
    });
    expect(template.resources(MAPPING).length).toBe(5);
  });

  it('reads the messages of a customer key as the legacy function, and moves there only once it may', () => {
    const template = synthesize({ consumer: { legacyFunction: 'old' }, encryption: { type: 'kms' } });
    const [policy] = template
      .resources('aws_iam_role_policy')
      .filter(({ address }) => /legacy/.test(address));
    expect(JSON.stringify(policy?.attributes.policy)).toMatch(/kms:Decrypt/);
    expect(JSON.stringify(policy?.attributes.policy)).not.toMatch(/kms:GenerateDataKey/);
    for (const collection of collections) {
      expect(consumer(collection, template).depends_on).toContain(policy?.address);
    }
  });

  it('differs between choices in no more than the target and the switch, so that each change is an update', () => {
    const strip = ({
      function_name: _name,
      enabled: _enabled,
      lifecycle: _lifecycle,
      depends_on: _dependsOn,
      ...rest
    }: object & Record<string, unknown>) => rest;
    const choices = ['enhanced-compaction', 'none', { legacyFunction: 'old' }] as const;
    const forms = choices.map((choice) => strip(consumer('lines', synthesize({ consumer: choice }))));
    expect(forms[1]).toEqual(forms[0]);
    expect(forms[2]).toEqual(forms[0]);
  });

  it('refuses one collection left with another consumer', () => {
    const message = complaints(
      (stack) =>
        override(stack, `${MAPPING}.words_consumer`, {
          function_name: `\${aws_lambda_function.enhanced_compaction.arn}`,
        }),
      { consumer: { legacyFunction: 'chromadb-compaction-prod' } },
    );
    expect(message).toMatch(/consumerChoice: .*words_consumer feeds .*declares "the legacy function/);
  });

  it('refuses an enabled mapping where the choice is none, and a disabled one where it is not', () => {
    const enabled = { enabled: true };
    expect(
      complaints((stack) => override(stack, `${MAPPING}.lines_consumer`, enabled), { consumer: 'none' }),
    ).toMatch(/consumerChoice: .*is enabled, but the configuration declares "none"/);
    expect(complaints((stack) => override(stack, `${MAPPING}.lines_consumer`, { enabled: false }))).toMatch(
      /consumerChoice: .*is disabled/,
    );
  });

  it('refuses a mapping at another address: a switch would then create one before destroying the other', () => {
    const message = complaints((stack) => {
      const mapping = stack.node
        .findChild('consumers')
        .node.findChild('lines-consumer')
        .node.findChild('mapping') as LambdaEventSourceMapping;
      mapping.overrideLogicalId('legacy_lines_consumer');
    });
    expect(message).toMatch(/consumerChoice: .*lines is not consumed through .*lines_consumer/);
  });

  it.each([{ create_before_destroy: true }, { replace_triggered_by: ['aws_sqs_queue.lines'] }])(
    'refuses a mapping that would be replaced: %j',
    (lifecycle) => {
      const message = complaints((stack) => override(stack, `${MAPPING}.lines_consumer`, { lifecycle }));
      expect(message).toMatch(/consumerChoice: .*replaced instead of updated/);
    },
  );
});
