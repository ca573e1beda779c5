import { oneRunTable } from '../../../stacks/guards/one-run-table';
import { findings, one } from '../../support/guard-findings';

const MADE = { 'aws_dynamodb_table.compaction_runs': {} };
const READ = { 'data.aws_dynamodb_table.compaction_runs': {} };
const adopted = { adopt: { table: { name: 'runs', as: 'data-source' } } } as const;
const imported = { adopt: { table: { name: 'runs', as: 'import' } } } as const;

it('accepts the table at its address, made or adopted as the configuration says', () => {
  expect(findings(oneRunTable, MADE)).toEqual([]);
  expect(findings(oneRunTable, MADE, imported)).toEqual([]);
  expect(findings(oneRunTable, READ, adopted)).toEqual([]);
});

it('refuses that it is missing', () => {
  expect(findings(oneRunTable, {})).toEqual(
    one(/^aws_dynamodb_table.compaction_runs: The run table is missing from its address/),
  );
  expect(findings(oneRunTable, {}, adopted)).toEqual(one(/^data.aws_dynamodb_table.compaction_runs: /));
});

it.each(['aws_dynamodb_table.second', 'aws_dynamodb_global_table.second', 'data.aws_dynamodb_table.second'])(
  'refuses %s beside it',
  (address) => {
    expect(findings(oneRunTable, { ...MADE, [address]: {} })).toEqual(
      one(RegExp(`^${address}: ${address} is a second table`)),
    );
  },
);

it('refuses a table of ours beside an adopted one', () => {
  expect(findings(oneRunTable, { ...MADE, ...READ }, adopted)).toEqual(
    one(/^aws_dynamodb_table.compaction_runs: .*is a second table/),
  );
});
