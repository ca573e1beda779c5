import type { Guard } from './guard';

/** One run table, at one address, ours or an adopted one. */
export const oneRunTable: Guard = (stack, config) => {
  const adopted = config.adopt.table?.as === 'data-source';
  const expected = adopted ? 'data.aws_dynamodb_table.compaction_runs' : 'aws_dynamodb_table.compaction_runs';
  const tables = [
    ...stack.resources('aws_dynamodb_table', 'aws_dynamodb_global_table'),
    ...stack.data('aws_dynamodb_table'),
  ];
  return [
    ...(tables.some(({ address }) => address === expected)
      ? []
      : [
          {
            where: expected,
            what: 'The run table is missing from its address; Terraform would destroy the one that is deployed there.',
            remedy:
              'Make it once, in stacks/shared/run-table.ts, and move its state before changing its address.',
          },
        ]),
    ...tables
      .filter(({ address }) => address !== expected)
      .map(({ where, address }) => ({
        where,
        what: `${address} is a second table: runs, pointer and lease must be in one, or two writers do not see each other.`,
        remedy: 'Remove it and take the shared RunTable as a required prop.',
      })),
  ];
};
