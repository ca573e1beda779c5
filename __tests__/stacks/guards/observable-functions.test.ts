import { observableFunctions } from '../../../stacks/guards/observable-functions';
import { type Blocks, findings, one } from '../../support/guard-findings';

const blocks = (changes: object = {}, retention: unknown = 1): Blocks => ({
  'aws_cloudwatch_log_group.mine': { name: 'logs', retention_in_days: retention },
  'aws_sqs_queue.mine': { name: 'queue' },
  'aws_lambda_function.mine': {
    logging_config: [{ log_group: `\${aws_cloudwatch_log_group.mine.name}` }],
    tracing_config: [{ mode: 'Active' }],
    ...changes,
  },
});

it('accepts a traced function that writes to a log group of ours', () => {
  expect(findings(observableFunctions, blocks())).toEqual([]);
});

it.each([undefined, [{ log_group: '/aws/lambda/theirs' }], [{ log_group: `\${aws_sqs_queue.mine.name}` }]])(
  'refuses a function whose logging is %j',
  (logging) => {
    expect(findings(observableFunctions, blocks({ logging_config: logging }))).toEqual(
      one(/^aws_lambda_function.mine: .*names no log group of this stack/),
    );
  },
);

it.each([undefined, [{ mode: 'PassThrough' }]])('refuses a function whose tracing is %j', (tracing) => {
  expect(findings(observableFunctions, blocks({ tracing_config: tracing }))).toEqual(
    one(/^aws_lambda_function.mine: .*is not traced/),
  );
});

it.each([undefined, 0])('refuses a log group that keeps its lines for %p days', (days) => {
  expect(findings(observableFunctions, blocks({}, days ?? null))).toEqual(
    one(/^aws_cloudwatch_log_group.mine: .*\(logs\) keeps its lines for ever/),
  );
});
