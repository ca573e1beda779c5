import { synthesize } from '../support/template';

const template = synthesize();

describe('the one stack', () => {
  it('holds one bucket, one run table, and four queues with a dead letter queue each', () => {
    expect(template.resources('aws_s3_bucket').length).toBe(1);
    expect(template.resources('aws_dynamodb_table').length).toBe(1);
    const queues = template.resources('aws_sqs_queue').map(({ name }) => name);
    expect(queues.filter((name) => !name.endsWith('_dlq'))).toEqual([
      'embed_ndjson',
      'lines',
      'ocr_results',
      'words',
    ]);
    expect(queues.filter((name) => name.endsWith('_dlq'))).toHaveLength(5);
  });

  it('gives each of the four queues exactly one consumer, and no dead letter queue any', () => {
    const sources = template
      .all('aws_lambda_event_source_mapping')
      .map(({ event_source_arn: source }) => source);
    expect(sources.sort()).toEqual([
      `\${aws_dynamodb_table.compaction_runs.stream_arn}`,
      `\${aws_sqs_queue.embed_ndjson.arn}`,
      `\${aws_sqs_queue.lines.arn}`,
      `\${aws_sqs_queue.ocr_results.arn}`,
      `\${aws_sqs_queue.words.arn}`,
    ]);
  });

  it('takes its zones from the account, and leaves a subnet where it was made, unless they are named', () => {
    const zone = (from = template) =>
      from.resources('aws_subnet').map(({ attributes }) => attributes.availability_zone);
    expect(template.data('aws_availability_zones').length).toBe(1);
    expect(zone()).toEqual(
      [0, 1].map((index) => `\${element(data.aws_availability_zones.zones.names, ${index})}`),
    );
    for (const { attributes } of template.resources('aws_subnet')) {
      expect(attributes.lifecycle).toEqual({ ignore_changes: ['availability_zone'] });
    }
    const named = synthesize({ network: { availabilityZones: ['us-east-1c', 'us-east-1d'] } });
    expect(zone(named)).toEqual(['us-east-1c', 'us-east-1d']);
    expect(named.data('aws_availability_zones').length).toBe(0);
    expect(named.resources('aws_subnet').some(({ attributes }) => 'lifecycle' in attributes)).toBe(false);
  });

  it('makes lines and words FIFO, and their dead letter queues too', () => {
    const fifo = template
      .resources('aws_sqs_queue')
      .filter(({ attributes }) => attributes.fifo_queue === true);
    expect(fifo.map(({ name }) => name)).toEqual(['lines', 'lines_dlq', 'words', 'words_dlq']);
    for (const { attributes } of fifo) expect(attributes.name).toMatch(/\.fifo$/);
  });

  it('sends what is dropped under ocr/ or annotations/, or removed, whatever its suffix, to the ocr-results queue', () => {
    expect(template.resource('aws_s3_bucket_notification', 'chromadb').queue).toEqual(
      ['ocr/', 'annotations/'].map((filter_prefix) => ({
        id: expect.any(String),
        queue_arn: `\${aws_sqs_queue.ocr_results.arn}`,
        filter_prefix,
        events: ['s3:ObjectCreated:*', 's3:ObjectRemoved:*'],
      })),
    );
  });

  it('lets only the bucket send to ocr-results from outside', () => {
    const [policy] = template
      .all('aws_sqs_queue_policy')
      .filter(({ queue_url: url }) => String(url).includes('.ocr_results.'));
    expect(JSON.parse(String(policy?.policy)).Statement).toContainEqual(
      expect.objectContaining({
        Effect: 'Allow',
        Principal: { Service: 's3.amazonaws.com' },
        Condition: {
          StringEquals: { 'aws:SourceAccount': expect.any(String) },
          ArnEquals: { 'aws:SourceArn': `\${aws_s3_bucket.chromadb.arn}` },
        },
      }),
    );
  });

  it('takes new runs and new deltas from the stream, and puts aside what fails for good', () => {
    const mapping = template.resource('aws_lambda_event_source_mapping', 'run_stream_consumer');
    const { filter } = mapping.filter_criteria as { filter: { pattern: string }[] };
    const TYPE = { S: ['COMPACTION_RUN'] };
    const pending = { S: ['PENDING'] };
    expect(filter.map(({ pattern }) => JSON.parse(pattern))).toEqual([
      { eventName: ['INSERT'], dynamodb: { NewImage: { TYPE } } },
      {
        eventName: ['MODIFY'],
        dynamodb: { NewImage: { TYPE, lines_state: pending, words_state: pending } },
      },
    ]);
    expect(mapping).toMatchObject({
      destination_config: { on_failure: { destination_arn: `\${aws_sqs_queue.lost_events_dlq.arn}` } },
    });
  });

  it('finds unfinished runs by one sparse index a collection, in order of creation', () => {
    expect(template.resource('aws_dynamodb_table', 'compaction_runs').global_secondary_index).toEqual(
      ['lines', 'words'].map((collection) =>
        expect.objectContaining({
          name: `${collection}-pending`,
          hash_key: `${collection}_pending`,
          range_key: 'created_at',
        }),
      ),
    );
  });

  it('writes redrive policies as AWS returns them, so that a second plan is empty', () => {
    expect(template.resource('aws_sqs_queue', 'lines').redrive_policy).toBe(
      `{"deadLetterTargetArn":"\${aws_sqs_queue.lines_dlq.arn}","maxReceiveCount":20}`,
    );
  });
});

describe('encryption by configuration', () => {
  it("uses each service's own key unless told otherwise", () => {
    expect(template.resource('aws_sqs_queue', 'lines')).toMatchObject({ sqs_managed_sse_enabled: true });
    expect(template.resource('aws_s3_bucket', 'chromadb')).toBeDefined();
  });

  it('uses one customer key for everything', () => {
    const encrypted = synthesize({ encryption: { type: 'kms' } });
    const key = `\${aws_kms_key.encryption.arn}`;
    expect(encrypted.resource('aws_sqs_queue', 'lines')).toMatchObject({ kms_master_key_id: key });
    expect(encrypted.resource('aws_dynamodb_table', 'compaction_runs')).toMatchObject({
      server_side_encryption: { enabled: true, kms_key_arn: key },
    });
    expect(encrypted.resource('aws_efs_file_system', 'chroma')).toMatchObject({ kms_key_id: key });
    for (const group of encrypted.all('aws_cloudwatch_log_group')) {
      expect(group).toMatchObject({ kms_key_id: key });
    }
  });

  it('uses a key that exists already, and makes none', () => {
    const keyArn = 'arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000';
    const encrypted = synthesize({ encryption: { type: 'kms', keyArn } });
    expect(encrypted.resources('aws_kms_key').length).toBe(0);
    expect(encrypted.resource('aws_sqs_queue', 'words')).toMatchObject({ kms_master_key_id: keyArn });
  });
});

describe("Terraform's settings", () => {
  const settings = (json: Readonly<Record<string, unknown>>) => json.terraform as Record<string, unknown>;

  it('keep the state beside the repository, by a relative path', () => {
    expect(settings(template.json).backend).toEqual({
      local: { path: '../../../chroma-pipeline-test.tfstate' },
    });
  });

  it("keep a team's state in S3, locked", () => {
    const team = synthesize({ backend: { type: 's3', bucket: 'team-state' } });
    expect(settings(team.json).backend).toEqual({
      s3: {
        bucket: 'team-state',
        key: 'chroma-pipeline-test.tfstate',
        region: 'us-east-1',
        encrypt: true,
        use_lockfile: true,
      },
    });
  });

  it('take the AWS provider that was applied, and a newer one only for the newer runtime', () => {
    const version = (config: Parameters<typeof synthesize>[0]) =>
      (settings(synthesize(config).json).required_providers as { aws: { version: string } }).aws.version;
    expect(version({})).toBe('5.100.0');
    expect(version({ functions: { runtime: 'nodejs24.x' } })).toBe('>= 6.0.0, < 7.0.0');
  });
});
