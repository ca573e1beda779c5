import { parseConfig } from '../../../stacks/config';
import { visibility } from '../../../stacks/guards/visibility';
import { type Blocks, findings, formOf, one } from '../../support/guard-findings';

const MAPPING = 'aws_lambda_event_source_mapping.work';

const blocks = (queue: object, lambda: object, mapping: object = {}): Blocks => ({
  'aws_sqs_queue.work': queue,
  'aws_lambda_function.worker': lambda,
  [MAPPING]: {
    event_source_arn: `\${aws_sqs_queue.work.arn}`,
    function_name: `\${aws_lambda_function.worker.arn}`,
    ...mapping,
  },
});
const hidden = (seconds: number) => ({ visibility_timeout_seconds: seconds });

it('accepts that a message is hidden for the function’s time and thirty seconds more', () => {
  expect(findings(visibility, blocks(hidden(130), { timeout: 100 }))).toEqual([]);
});

it('refuses one second less, and tells how long it must be hidden', () => {
  expect(findings(visibility, blocks(hidden(129), { timeout: 100 }))).toEqual(
    one(/^aws_sqs_queue.work: .*hides a message for 129 s, but aws_lambda_function.worker .* for 100 s/),
  );
  const [finding] = visibility(formOf(blocks(hidden(129), { timeout: 100 })), parseConfig({}, 'test'));
  expect(finding?.remedy).toContain('to 130 s at least');
});

it('adds the batching window', () => {
  const window = { maximum_batching_window_in_seconds: 20 };
  expect(findings(visibility, blocks(hidden(150), { timeout: 100 }, window))).toEqual([]);
  expect(findings(visibility, blocks(hidden(149), { timeout: 100 }, window))).toEqual(one(/ for 120 s/));
});

it("counts Lambda's own 3 s where the function says nothing, and SQS's own 30 s where the queue does", () => {
  expect(findings(visibility, blocks(hidden(33), {}))).toEqual([]);
  expect(findings(visibility, blocks(hidden(32), {}))).toEqual(one(/ for 3 s/));
  expect(findings(visibility, blocks({}, { timeout: 0 }))).toEqual([]);
  expect(findings(visibility, blocks({}, { timeout: 1 }))).toEqual(one(/hides a message for 30 s/));
});

describe('a function of somebody else’s', () => {
  const asking = { lifecycle: [{ precondition: [{ condition: 'x' }] }] };
  const foreign = (function_name: string, more: object = {}) => ({
    ...blocks(hidden(1), { timeout: 900 }, { function_name, ...more }),
    'data.aws_lambda_function.legacy': { timeout: 1 },
  });

  it.each(['theirs', `\${data.aws_lambda_function.legacy.arn}`])('is refused as %s unless asked', (name) => {
    for (const silent of [{}, { lifecycle: [{}] }, { lifecycle: [{ precondition: [] }] }]) {
      expect(findings(visibility, foreign(name, silent))).toEqual(
        one(/^aws_lambda_event_source_mapping.work: .*aws_sqs_queue.work to a function whose timeout nobody/),
      );
    }
  });

  it.each(['theirs', `\${data.aws_lambda_function.legacy.arn}`])(
    'is accepted as %s where the mapping asks for its timeout, however long it is',
    (name) => {
      expect(findings(visibility, foreign(name, asking))).toEqual([]);
    },
  );

  it('is the only one for which asking is enough', () => {
    expect(findings(visibility, blocks(hidden(1), { timeout: 900 }, asking))).toEqual(one(/hides a message/));
  });
});

it('says nothing of a queue that nothing consumes', () => {
  expect(findings(visibility, { 'aws_sqs_queue.work': hidden(1) })).toEqual([]);
});
