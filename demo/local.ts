import Table from 'cli-table3';
import { type LocalAws, shellExports, startLocalAws } from 'local-aws';
import pc from 'picocolors';
import { type LocalPipeline, startLocalPipeline } from './pipeline/local-pipeline';

/** `npm run local`: the whole pipeline on this machine, until Ctrl-C. */
async function main(): Promise<void> {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  const verbose = process.argv.includes('--verbose');
  const say = (text: string) => process.stdout.write(`${text}\n`);
  say('Starting the local AWS and the pipeline …');

  const aws = await startLocalAws();
  const pipeline = await startLocalPipeline(aws, {
    onLine: (name, line) => {
      if (verbose) say(pc.dim(`${name} ${line}`));
    },
    onBatch: (name, { records, failed, error }) => {
      const outcome = error
        ? pc.red(error.message)
        : failed.length > 0
          ? pc.red(`${failed.length} failed`)
          : '';
      if (records.length > 0 || error) say(`${name}: ${records.length} records ${outcome}`.trimEnd());
    },
  });
  say(description(aws, pipeline));

  let ending = false;
  const end = () => {
    if (ending) return;
    ending = true;
    say('\nStopping …');
    void pipeline
      .stop()
      .then(() => aws.stop())
      .finally(() => process.exit(0));
  };
  process.on('SIGINT', end).on('SIGTERM', end);
}

function description(aws: LocalAws, pipeline: LocalPipeline): string {
  const table = new Table({ head: ['what', 'where'], style: { head: [], border: [] } });
  table.push(
    ['S3', aws.endpoints.s3],
    ['SQS', aws.endpoints.sqs],
    ['DynamoDB, DynamoDB Streams', aws.endpoints.dynamodb],
    ['Lambda, Step Functions, STS, Secrets Manager', aws.endpoints.controlPlane],
    ['embedding endpoint (a stand-in)', pipeline.embeddingBaseUrl],
    ['bucket', pipeline.bucket],
    ...Object.entries(pipeline.queues).map(([name, { url }]) => [`queue ${name}`, url]),
    ['run table', pipeline.tableName],
    ['EFS', pipeline.mountPath],
  );
  return [
    table.toString(),
    '',
    pc.bold('In another shell, for the AWS CLI, any AWS SDK and migrate-buckets:'),
    ...shellExports(aws.environment),
    '',
    pc.bold('Then drop an OCR result:'),
    `aws s3 cp receipt.json s3://${pipeline.bucket}/ocr/11111111-2222-4333-8444-555555555555/receipt-00001.json`,
    '',
    'Version 1 of the AWS CLI needs `--endpoint-url $AWS_ENDPOINT_URL_SQS` for SQS: it overrides that one itself.',
    'With --verbose the functions’ log lines are shown. Ctrl-C ends everything; nothing is kept.',
  ].join('\n');
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
