import { leaseFindings } from '../../../stacks/guards/lease-renewal';
import { addressOf, complaints, override } from '../../support/guarded-stack';
import { synthesize } from '../../support/template';

const LIFECYCLE = 'aws_s3_bucket_lifecycle_configuration';

describe('a message is hidden for as long as it may be worked on', () => {
  it('refuses a visibility timeout of 180 s under a function of 900 s', () => {
    const message = complaints(
      (stack) => override(stack, 'aws_sqs_queue.lines', { visibility_timeout_seconds: 180 }),
      { functions: { timeout: { 'enhanced-compaction': 900 } } },
    );
    expect(message).toMatch(/visibility: .*aws_sqs_queue.lines hides a message for 180 s, but .* 900 s/);
  });

  it("refuses a queue that relies on SQS's default of 30 s", () => {
    const message = complaints((stack) =>
      override(stack, 'aws_sqs_queue.ocr_results', { visibility_timeout_seconds: undefined }),
    );
    expect(message).toMatch(/visibility: .*ocr_results hides a message for 30 s/);
  });

  it('counts the batching window', () => {
    const message = complaints((stack) => {
      override(stack, 'aws_sqs_queue.embed_ndjson', { visibility_timeout_seconds: 340 });
      override(stack, 'aws_lambda_event_source_mapping.embed_ndjson_consumer', {
        maximum_batching_window_in_seconds: 60,
      });
    });
    expect(message).toMatch(/visibility: .*embed_ndjson hides a message for 340 s, but .* 360 s/);
  });

  it.each([1, 60, 900])('holds for every timeout that the configuration allows: %d s', (seconds) => {
    const timeout = {
      'process-ocr-results': seconds,
      'embed-from-ndjson': seconds,
      'enhanced-compaction': seconds,
    };
    expect(complaints(() => {}, { functions: { timeout } })).toBe('');
  });

  it('demands that a legacy function is asked for its timeout', () => {
    const message = complaints(
      (stack) =>
        override(stack, 'aws_lambda_event_source_mapping.lines_consumer', { 'lifecycle.precondition': null }),
      { consumer: { legacyFunction: 'old' } },
    );
    expect(message).toMatch(/visibility: .*whose timeout nobody compares/);
  });

  it('asks Terraform to refuse a legacy function that runs longer than a message is hidden', () => {
    const mapping = synthesize({ consumer: { legacyFunction: 'old' } }).resource(
      'aws_lambda_event_source_mapping',
      'lines_consumer',
    );
    expect(JSON.stringify(mapping.lifecycle)).toMatch(/timeout \+ 60 <= 660/);
  });
});

describe('dead letters', () => {
  it('are kept longer than their queue keeps messages', () => {
    const message = complaints((stack) =>
      override(stack, 'aws_sqs_queue.words_dlq', { message_retention_seconds: 345_600 }),
    );
    expect(message).toMatch(
      /deadLetters: .*words_dlq keeps a message 345600 s and aws_sqs_queue.words 345600 s/,
    );
  });

  it.each([
    ['none', ''],
    ['one of elsewhere', '{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:1:elsewhere","maxReceiveCount":5}'],
  ])('have a queue of this stack, not %s', (_what, policy) => {
    const message = complaints((stack) => override(stack, 'aws_sqs_queue.lines', { redrive_policy: policy }));
    expect(message).toMatch(/deadLetters: .*aws_sqs_queue.lines has no dead letter queue of this stack/);
  });

  it('are of the same kind as their queue, and of one queue only', () => {
    const message = complaints((stack) =>
      override(stack, 'aws_sqs_queue.ocr_results', {
        redrive_policy: `{"deadLetterTargetArn":"\${aws_sqs_queue.lines_dlq.arn}","maxReceiveCount":5}`,
      }),
    );
    expect(message).toMatch(/deadLetters: .*not of one kind/);
    expect(message).toMatch(/deadLetters: .*shares aws_sqs_queue.lines_dlq/);
  });
});

describe('deltas outlive every message that may ask for them', () => {
  const rule = (changes: object) => ({
    rule: [
      {
        id: 'deltas',
        status: 'Enabled',
        filter: [{ tag: [{ key: 'covered-by-snapshot', value: 'true' }] }],
        expiration: [{ days: 30 }],
        ...changes,
      },
    ],
  });
  const withRule = (changes: object) =>
    complaints((stack) => override(stack, addressOf(stack, LIFECYCLE), rule(changes)));

  it('expire only once a snapshot covers them', () => {
    const [configuration] = synthesize().all(LIFECYCLE);
    const { rule: rules } = configuration as {
      rule: { id: string; filter: unknown; expiration?: unknown }[];
    };
    const expiring = rules.filter(({ expiration }) => JSON.stringify(expiration)?.includes('days'));
    expect(expiring.map(({ filter }) => filter)).toEqual([
      [{ tag: [{ key: 'covered-by-snapshot', value: 'true' }] }],
    ]);
  });

  it.each([
    ['by age alone', { filter: [{ prefix: 'lines/delta/' }] }],
    ['with everything else', { filter: [{ prefix: '' }] }],
    ['by a date', { filter: [{ prefix: 'lines/delta/' }], expiration: [{ date: '2030-01-01T00:00:00Z' }] }],
    ['by another tag', { filter: [{ tag: [{ key: 'covered-by-snapshot', value: 'false' }] }] }],
  ])('must not expire %s', (_how, changes) => {
    expect(withRule(changes)).toMatch(/deltaLifetime: .*"deltas" expires objects by age alone/);
  });

  it('must not expire after 7 days while queue and dead letter queue keep a message for 18', () => {
    expect(withRule({ expiration: [{ days: 7 }] })).toMatch(
      /deltaLifetime: .*expires deltas after 7 days, but a message may ask for one for 18/,
    );
  });

  it('accept the tag together with a prefix', () => {
    const and = [{ prefix: 'lines/delta/', tags: { 'covered-by-snapshot': 'true' } }];
    expect(withRule({ filter: [{ and }] })).toBe('');
  });

  it('accept the rule that is right', () => {
    expect(withRule({})).toBe('');
  });

  it('refuse rules on the bucket itself', () => {
    const message = complaints((stack) =>
      override(stack, 'aws_s3_bucket.chromadb', { lifecycle_rule: [{ enabled: true }] }),
    );
    expect(message).toMatch(/deltaLifetime: .*declares lifecycle rules of its own/);
  });
});

describe('a lease', () => {
  it.each([
    [90, 31],
    [60, 60],
    [60, 0],
  ])('of %d s may not be renewed every %d s', (length, renewal) => {
    expect(leaseFindings(length, renewal)).toEqual([
      expect.objectContaining({ where: 'contracts/lease.ts', remedy: expect.stringContaining('at most') }),
    ]);
  });

  it('may be renewed every third of its length', () => {
    expect(leaseFindings(90, 30)).toEqual([]);
  });
});

describe('a function can take what its mappings hand it', () => {
  const reserving = { functions: { reserveConcurrency: true } };

  it('refuses less reserved concurrency than the mappings may use together', () => {
    const message = complaints(
      (stack) =>
        override(stack, 'aws_lambda_function.enhanced_compaction', { reserved_concurrent_executions: 3 }),
      reserving,
    );
    expect(message).toMatch(/concurrency: .*has 3 reserved concurrency, but its mappings may hand it 4/);
  });

  it('refuses a function without any', () => {
    const message = complaints(
      (stack) =>
        override(stack, 'aws_lambda_function.embed_from_ndjson', {
          reserved_concurrent_executions: undefined,
        }),
      reserving,
    );
    expect(message).toMatch(/concurrency: .*has no reserved concurrency/);
  });

  it('refuses mappings that hand out more than a new account runs, where nothing is reserved', () => {
    const message = complaints((stack) =>
      override(stack, 'aws_lambda_event_source_mapping.words_consumer', {
        scaling_config: { maximum_concurrency: 5 },
      }),
    );
    expect(message).toMatch(/concurrency: .*enhanced_compaction reserves no concurrency.* 11 batches/);
  });

  it('refuses a mapping without a maximum', () => {
    const message = complaints((stack) =>
      override(stack, 'aws_lambda_event_source_mapping.words_consumer', { scaling_config: [] }),
    );
    expect(message).toMatch(/concurrency: .*words_consumer states no maximum concurrency/);
  });
});
