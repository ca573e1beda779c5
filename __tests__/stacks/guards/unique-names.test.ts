import { uniqueNames } from '../../../stacks/guards/unique-names';
import { findings, one } from '../../support/guard-findings';

it('accepts one name for each, and the same name of two types', () => {
  expect(
    findings(uniqueNames, {
      'aws_sqs_queue.one': { name: 'same' },
      'aws_sqs_queue.two': { name: 'other' },
      'aws_dynamodb_table.one': { name: 'same' },
    }),
  ).toEqual([]);
});

it('refuses a name that is taken, and tells by whom first', () => {
  expect(
    findings(uniqueNames, {
      'aws_sqs_queue.one': { name: 'same' },
      'aws_sqs_queue.two': { name: 'same' },
    }),
  ).toEqual(one(/^aws_sqs_queue.two: .*two has the same name in AWS as aws_sqs_queue.one: same/));
});

it('counts neither what is only read nor what has no name', () => {
  expect(
    findings(uniqueNames, {
      'aws_sqs_queue.one': { name: 'same' },
      'data.aws_sqs_queue.two': { name: 'same' },
      'aws_sqs_queue.three': {},
      'aws_sqs_queue.four': {},
      'aws_subnet.five': { name: 'same' },
      'aws_subnet.six': { name: 'same' },
    }),
  ).toEqual([]);
});
