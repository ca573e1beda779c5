import { environmentSchemas } from '../../../contracts/environment';
import { FUNCTION_NAMES } from '../../../contracts/functions';
import { addRaw, complaints, override } from '../../support/guarded-stack';
import { synthesize } from '../../support/template';

const variable = (name: string, value: string) => ({ [`environment.variables.${name}`]: value });

describe('every function names the shared resources, by the same names', () => {
  const template = synthesize();
  const environmentOf = (name: string): Record<string, string> => {
    const { environment } = template.resource('aws_lambda_function', name.replaceAll('-', '_'));
    return (environment as { variables: Record<string, string> }).variables;
  };

  it.each([
    ['CHROMADB_BUCKET', `\${aws_s3_bucket.chromadb.bucket}`],
    ['EMBED_NDJSON_QUEUE_URL', `\${aws_sqs_queue.embed_ndjson.url}`],
    ['LINES_QUEUE_URL', `\${aws_sqs_queue.lines.url}`],
    ['WORDS_QUEUE_URL', `\${aws_sqs_queue.words.url}`],
    ['COMPACTION_RUNS_TABLE', `\${aws_dynamodb_table.compaction_runs.name}`],
  ])('resolves %s to the same resource in every function that has it', (name, reference) => {
    const values = FUNCTION_NAMES.map((known) => environmentOf(known)[name]).filter(
      (value) => value !== undefined,
    );
    expect(new Set(values)).toEqual(new Set([reference]));
  });

  it.each(FUNCTION_NAMES)('gives %s no variable that is not in its contract', (name) => {
    expect(Object.keys(environmentSchemas[name].shape)).toEqual(
      expect.arrayContaining(Object.keys(environmentOf(name))),
    );
  });
});

describe('the guard of the environments', () => {
  it.each([
    ['COMPACTION_QUEUE_URL', 'its successor is LINES_QUEUE_URL and WORDS_QUEUE_URL'],
    ['DYNAMO_TABLE_NAME', 'its successor is COMPACTION_RUNS_TABLE'],
    ['DYNAMODB_TABLE_NAME', 'its successor is COMPACTION_RUNS_TABLE'],
  ])('refuses the old name %s and tells its successor', (name, successor) => {
    const message = complaints((stack) =>
      override(stack, 'aws_lambda_function.reconcile_runs', variable(name, 'x')),
    );
    expect(message).toMatch(
      new RegExp(`environments: .*${name}, which is not in its contract.*${successor}`),
    );
  });

  it('refuses a queue URL that points at the wrong queue', () => {
    const message = complaints((stack) =>
      override(
        stack,
        'aws_lambda_function.stream_processor',
        variable('LINES_QUEUE_URL', `\${aws_sqs_queue.words.url}`),
      ),
    );
    expect(message).toMatch(/environments: .*LINES_QUEUE_URL of .*which is not aws_sqs_queue.lines/);
  });

  it('refuses a bucket that is named by hand', () => {
    const message = complaints((stack) =>
      override(
        stack,
        'aws_lambda_function.enhanced_compaction',
        variable('CHROMADB_BUCKET', 'the-old-bucket'),
      ),
    );
    expect(message).toMatch(/environments: .*"the-old-bucket", which is not aws_s3_bucket.chromadb/);
  });

  it('refuses a function that lacks what it cannot start without', () => {
    const message = complaints((stack) =>
      stack.addOverride('resource.aws_lambda_function.process_ocr_results.environment', [{ variables: {} }]),
    );
    expect(message).toMatch(/environments: .*process_ocr_results lacks the variable CHROMADB_BUCKET/);
  });
});

describe('each function exists once', () => {
  const twin = {
    function_name: 'chroma-pipeline-test-enhanced-compaction-2',
    role: `\${aws_iam_role.mine.arn}`,
    filename: `\${data.archive_file.mine}`,
  };

  it('refuses a function that is none of the five', () => {
    const message = complaints((stack) => addRaw(stack, 'aws_lambda_function', 'compaction_twin', twin));
    expect(message).toMatch(/oneFunctionEach: .*compaction_twin is none of the pipeline's functions/);
  });

  it.each(['role', 'filename'])('refuses two functions of one %s', (attribute) => {
    const message = complaints((stack) => {
      override(stack, 'aws_lambda_function.stream_processor', { [attribute]: 'shared' });
      override(stack, 'aws_lambda_function.reconcile_runs', { [attribute]: 'shared' });
    });
    expect(message).toMatch(new RegExp(`oneFunctionEach: .*has the same ${attribute} as`));
  });

  it('refuses a replacement that meets its predecessor of the same name', () => {
    const message = complaints((stack) =>
      override(stack, 'aws_lambda_function.stream_processor', { 'lifecycle.create_before_destroy': true }),
    );
    expect(message).toMatch(/oneFunctionEach: .*AWS answers 409/);
  });
});
