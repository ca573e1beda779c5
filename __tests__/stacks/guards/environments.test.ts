import { environments } from '../../../stacks/guards/environments';
import { type Blocks, findings, one } from '../../support/guard-findings';

const BUCKET = `\${aws_s3_bucket.chromadb.bucket}`;
const LINES = `\${aws_sqs_queue.lines.url}`;
const WORDS = `\${aws_sqs_queue.words.url}`;
const EMBED = `\${aws_sqs_queue.embed_ndjson.url}`;
const TABLE = `\${aws_dynamodb_table.compaction_runs.name}`;

const RESOURCES: Blocks = {
  'aws_s3_bucket.chromadb': {},
  'aws_sqs_queue.lines': {},
  'aws_sqs_queue.words': {},
  'aws_sqs_queue.embed_ndjson': {},
  'aws_dynamodb_table.compaction_runs': {},
};
const lambda = (name: string, variables: object, more: Blocks = RESOURCES): Blocks => ({
  ...more,
  [`aws_lambda_function.${name}`]: { environment: [{ variables }] },
});

const RIGHT: readonly (readonly [string, Record<string, unknown>])[] = [
  ['process_ocr_results', { CHROMADB_BUCKET: BUCKET, EMBED_NDJSON_QUEUE_URL: EMBED }],
  ['stream_processor', { LINES_QUEUE_URL: LINES, WORDS_QUEUE_URL: WORDS }],
  ['reconcile_runs', { LINES_QUEUE_URL: LINES, WORDS_QUEUE_URL: WORDS, COMPACTION_RUNS_TABLE: TABLE }],
];

it.each(RIGHT)('accepts %s with what its contract demands', (name, variables) => {
  expect(findings(environments, lambda(name, variables))).toEqual([]);
});

it.each(RIGHT)('refuses %s without any one of them', (name, variables) => {
  for (const absent of Object.keys(variables)) {
    const { [absent]: _gone, ...rest } = variables;
    expect(findings(environments, lambda(name, rest))).toEqual(
      one(RegExp(`${name} lacks the variable ${absent}`)),
    );
  }
});

it.each(RIGHT)('refuses each of those of %s where it names anything else', (name, variables) => {
  for (const changed of Object.keys(variables)) {
    for (const value of ['by-hand', `\${aws_iam_role.one.name}`]) {
      const wrong = lambda(
        name,
        { ...variables, [changed]: value },
        { ...RESOURCES, 'aws_iam_role.one': {} },
      );
      expect(findings(environments, wrong)).toEqual(
        one(RegExp(`${changed} of aws_lambda_function.${name} is ".*", which is not aws_`)),
      );
    }
  }
});

it('accepts a table that was adopted', () => {
  const { 'aws_dynamodb_table.compaction_runs': _table, ...others } = RESOURCES;
  const adopted = { ...others, 'data.aws_dynamodb_table.compaction_runs': {} };
  const variables = {
    LINES_QUEUE_URL: LINES,
    WORDS_QUEUE_URL: WORDS,
    COMPACTION_RUNS_TABLE: `\${data.aws_dynamodb_table.compaction_runs.name}`,
  };
  expect(findings(environments, lambda('reconcile_runs', variables, adopted))).toEqual([]);
});

it('tells which resource a variable should name', () => {
  const crossed = lambda('stream_processor', { LINES_QUEUE_URL: WORDS, WORDS_QUEUE_URL: WORDS });
  expect(findings(environments, crossed)).toEqual(
    one(/LINES_QUEUE_URL .* is .*words.url.*, which is not aws_sqs_queue.lines\./),
  );
});

it.each([
  ['COMPACTION_QUEUE_URL', 'LINES_QUEUE_URL and WORDS_QUEUE_URL'],
  ['DYNAMO_TABLE_NAME', 'COMPACTION_RUNS_TABLE'],
  ['DYNAMODB_TABLE_NAME', 'COMPACTION_RUNS_TABLE'],
])('refuses the old name %s and tells its successor', (name, successor) => {
  const variables = { LINES_QUEUE_URL: LINES, WORDS_QUEUE_URL: WORDS, [name]: 'x' };
  expect(findings(environments, lambda('stream_processor', variables))).toEqual(
    one(RegExp(`has the variable ${name}, which .*its successor is ${successor}\\)\\.$`)),
  );
});

it('refuses any other name without telling a successor', () => {
  const variables = { LINES_QUEUE_URL: LINES, WORDS_QUEUE_URL: WORDS, MINE: 'x' };
  expect(findings(environments, lambda('stream_processor', variables))).toEqual(
    one(/has the variable MINE, which is not in its contract\.$/),
  );
});

it('asks of an unknown function only that shared names mean the shared resources', () => {
  expect(findings(environments, lambda('mine', { MINE: 'x' }))).toEqual([]);
  expect(findings(environments, lambda('mine', { CHROMADB_BUCKET: 'x' }))).toEqual(
    one(/CHROMADB_BUCKET of aws_lambda_function.mine is "x"/),
  );
});
