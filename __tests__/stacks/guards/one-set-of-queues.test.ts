import { oneSetOfQueues } from '../../../stacks/guards/one-set-of-queues';
import { type Blocks, findings, one } from '../../support/guard-findings';

const NAMES = [
  'ocr_results',
  'ocr_results_dlq',
  'embed_ndjson',
  'embed_ndjson_dlq',
  'lines',
  'lines_dlq',
  'words',
  'words_dlq',
  'lost_events_dlq',
];
const RIGHT: Blocks = Object.fromEntries(NAMES.map((name) => [`aws_sqs_queue.${name}`, {}]));

it('accepts each queue at its address', () => {
  expect(findings(oneSetOfQueues, RIGHT)).toEqual([]);
});

it.each(NAMES)('refuses that %s is missing', (name) => {
  const { [`aws_sqs_queue.${name}`]: _gone, ...others } = RIGHT;
  expect(findings(oneSetOfQueues, others)).toEqual(
    one(RegExp(`^aws_sqs_queue.${name}: The queue is missing from its address`)),
  );
});

it('refuses a queue of no set', () => {
  expect(findings(oneSetOfQueues, { ...RIGHT, 'aws_sqs_queue.mine': {} })).toEqual(
    one(/^aws_sqs_queue.mine: aws_sqs_queue.mine is not one of the pipeline's queues/),
  );
});

it('refuses a redrive policy beside its queue', () => {
  expect(findings(oneSetOfQueues, { ...RIGHT, 'aws_sqs_queue_redrive_policy.mine': {} })).toEqual(
    one(/^aws_sqs_queue_redrive_policy.mine: .*overrules the redrive policy/),
  );
});

it('holds fast to what is deployed, whatever becomes of the table of queues', () => {
  jest.isolateModules(() => {
    jest.doMock('../../../contracts/queues', () => {
      const actual = jest.requireActual('../../../contracts/queues');
      return { ...actual, QUEUE_NAMES: actual.QUEUE_NAMES.filter((name: string) => name !== 'embed-ndjson') };
    });
    const renamed: typeof import('../../../stacks/guards/one-set-of-queues') = jest.requireActual(
      '../../../stacks/guards/one-set-of-queues',
    );
    const { 'aws_sqs_queue.embed_ndjson': _gone, ...others } = RIGHT;
    expect(findings(renamed.oneSetOfQueues, others)).toContainEqual(
      expect.stringMatching(/^aws_sqs_queue.embed_ndjson: The queue is missing from its address/),
    );
  });
});
