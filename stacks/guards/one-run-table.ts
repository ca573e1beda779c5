import { type Guard, missing, refuse } from './guard';

/** One run table, at one address, ours or an adopted one. */
export const oneRunTable: Guard = (stack, config) => {
  const adopted = config.adopt.table?.as === 'data-source';
  const expected = adopted ? 'data.aws_dynamodb_table.compaction_runs' : 'aws_dynamodb_table.compaction_runs';
  const tables = [
    ...stack.resources('aws_dynamodb_table', 'aws_dynamodb_global_table'),
    ...stack.data('aws_dynamodb_table'),
  ];
  return [
    ...missing(
      tables,
      expected,
      'The run table is missing from its address; Terraform would destroy the one that is deployed there.',
      'Make it once, in stacks/shared/run-table.ts, and move its state before changing its address.',
    ),
    ...refuse(
      tables.filter(({ address }) => address !== expected),
      'is a second table: runs, pointer and lease must be in one, or two writers do not see each other.',
      'Remove it and take the shared RunTable as a required prop.',
    ),
  ];
};
