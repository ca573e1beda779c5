import { FUNCTION_NAMES } from '../../contracts/functions';
import { METRICS, METRICS_NAMESPACE } from '../../contracts/metrics';
import { synthesize } from '../support/template';

const template = synthesize({ alarms: { email: 'operator@example.com' } });
const alarms = template.all('aws_cloudwatch_metric_alarm');
const named = (suffix: string) => alarms.filter(({ alarm_name: name }) => String(name).endsWith(suffix));

describe('alarms', () => {
  it.each([
    ['-depth', 5],
    ['-oldest-message', 4],
    ['-errors', 5],
    ['-throttles', 5],
    ['-duration', 5],
    ['-pending-run-age', 2],
    ['-snapshot-age', 2],
    ['-lease-lost', 2],
    ['-storage-used', 2],
    ['-memory-used', 2],
    ['-quarantined', 3],
    ['-runs-failed', 3],
    ['stream-lag', 1],
  ])('watch everything that was once silent: %s', (suffix, count) => {
    expect(named(suffix)).toHaveLength(count);
  });

  it('all go to the one topic, when they go off and when it is over', () => {
    for (const alarm of alarms) {
      expect(alarm).toMatchObject({
        alarm_actions: [`\${aws_sns_topic.alarms.arn}`],
        ok_actions: [`\${aws_sns_topic.alarms.arn}`],
      });
    }
    expect(template.resources('aws_sns_topic').length).toBe(1);
  });

  it('go off when the reconciler, which reports the ages, falls silent', () => {
    for (const alarm of [...named('-pending-run-age'), ...named('-snapshot-age')]) {
      expect(alarm).toMatchObject({ treat_missing_data: 'breaching' });
    }
  });

  it('watch only metrics that the functions emit, under the dimensions that they emit them with', () => {
    const ours = alarms.filter(({ namespace }) => namespace === METRICS_NAMESPACE);
    expect(ours).not.toHaveLength(0);
    for (const { metric_name: name, dimensions } of ours) {
      expect(Object.values(METRICS)).toContain(name);
      const { service } = dimensions as { service: string };
      expect(FUNCTION_NAMES.map((known) => `chroma-pipeline-test-${known}`)).toContain(service);
    }
  });

  it('watch the compaction’s room from 60 % on, and not where Chroma has its room elsewhere', () => {
    for (const alarm of [...named('-storage-used'), ...named('-memory-used')]) {
      expect(alarm).toMatchObject({ threshold: 60, statistic: 'Maximum' });
    }
    const server = synthesize({ chroma: { mode: 'server', url: 'https://chroma.example' } });
    const names = server.all('aws_cloudwatch_metric_alarm').map(({ alarm_name: name }) => String(name));
    expect(names.filter((name) => /-(storage|memory)-used$/.test(name))).toEqual([]);
  });

  it('can be published: CloudWatch has no right to the key that SNS makes itself', () => {
    expect(template.resource('aws_sns_topic', 'alarms')).toMatchObject({
      kms_master_key_id: `\${aws_kms_key.encryption.arn}`,
    });
    expect(template.resource('aws_kms_key', 'encryption').policy).toContain('cloudwatch.amazonaws.com');
  });

  it('reach the address of the configuration', () => {
    const [subscription] = template.all('aws_sns_topic_subscription');
    expect(subscription).toMatchObject({ protocol: 'email', endpoint: 'operator@example.com' });
    expect(synthesize().resources('aws_sns_topic_subscription').length).toBe(0);
  });
});

describe('the dashboard', () => {
  const [dashboard] = template.all('aws_cloudwatch_dashboard');
  const { widgets } = JSON.parse(String(dashboard?.dashboard_body)) as {
    widgets: { x: number; width: number; properties: { markdown?: string; metrics?: unknown[][] } }[];
  };

  it('stays within the 24 columns that CloudWatch takes', () => {
    expect(widgets.filter(({ x, width }) => x + width > 24)).toEqual([]);
  });

  it('asks whether data flows, where it is stuck, what failed, what it costs, and how long it fits', () => {
    expect(widgets.flatMap(({ properties }) => properties.markdown ?? [])).toEqual([
      '## Is data flowing?',
      '## Where is it stuck?',
      '## What failed?',
      '## Is it safe, and what does it cost?',
      '## How long will it fit?',
    ]);
  });

  it('draws every queue and every function', () => {
    const drawn = JSON.stringify(widgets);
    for (const { name } of template.all('aws_sqs_queue')) expect(drawn).toContain(String(name));
    for (const name of FUNCTION_NAMES) expect(drawn).toContain(`chroma-pipeline-test-${name}`);
  });
});

describe('the outputs', () => {
  it('name everything that an operator types', () => {
    expect(Object.keys(template.outputs)).toEqual(
      expect.arrayContaining([
        'chromadb_bucket_name',
        'compaction_runs_table_name',
        'ocr_results_queue_url',
        'embed_ndjson_queue_url',
        'lines_queue_url',
        'words_queue_url',
        'lines_dlq_url',
        'lost_events_dlq_url',
        'enhanced_compaction_function_name',
        'alarm_topic_arn',
        'dashboard_name',
        'collection_consumer',
      ]),
    );
  });
});
