import {
  type Cells,
  COLUMNS,
  cellsFrom,
  policiesOf,
  policyName,
  type StatementRow,
  statementRows,
  textOf,
} from '../synthesized/statement-rows';
import type { Synthesized } from '../synthesized/synthesized';
import { type Finding, type Guard, refuse } from './guard';
import { reviewedRows, STATEMENTS_PAGE } from './reviewed/statements';

const REMEDY = `Take it back; or, if it is meant, run "npm run statements" and let somebody review what changes in ${STATEMENTS_PAGE}.`;

/** Every statement of every policy is one that somebody has reviewed, word for word, and none that denies is lost. */
export const reviewedStatements: Guard = (stack, config) => statementFindings(stack, reviewedRows(config));

/** Compares the stack's statements with the reviewed rows. */
export function statementFindings(stack: Synthesized, reviewed: readonly string[]): Finding[] {
  const rows = statementRows(stack);
  const cells = reviewed.map(cellsFrom);
  return [
    ...refuse(
      stack.managed.filter((block) => policiesOf(block).includes(undefined)),
      'has a policy that is not JSON at synthesis, so that nobody can tell what it lets in.',
      'Write it with policyDocument.',
    ),
    ...rows
      .filter((row) => !reviewed.includes(textOf(row.cells)))
      .map(({ block, cells: found }) => ({
        where: block.where,
        what: `The statement ${named(found)} of ${block.address} is not as reviewed: ${difference(found, cells)}.`,
        remedy: REMEDY,
      })),
    ...cells
      .filter((denial) => isLost(denial, stack, rows))
      .map((denial) => ({
        where: denial.policy,
        what: `The statement ${named(denial)} of ${denial.policy} is gone, and what it denied is let in.`,
        remedy: REMEDY,
      })),
  ];
}

const named = ({ sid }: Cells): string => sid || '""';

/** How a statement differs from the reviewed one of its name, or, where there is none, what it allows. */
function difference(found: Cells, reviewed: readonly Cells[]): string {
  const differing = (cells: Cells) => COLUMNS.filter((column) => found[column] !== cells[column]);
  // One name may have been reviewed several times, for several settings: the nearest is meant.
  const [meant] = reviewed
    .filter(({ policy, sid }) => policy === found.policy && sid === found.sid)
    .sort((one, other) => differing(one).length - differing(other).length);
  if (meant === undefined) {
    return `nobody has reviewed one of this name, and it says ${found.effect} ${listed(found.actions)} on ${listed(found.resources)}`;
  }
  return differing(meant)
    .map(
      (column) => `its ${column} are ${listed(found[column])}, and were reviewed as ${listed(meant[column])}`,
    )
    .join('; ');
}

const listed = (cell: string): string => cell.replaceAll('<br>', ', ') || 'none';

/**
 * Whether a policy that is there no longer states what was reviewed as its denial. A role's depend on what it is
 * allowed: one is due where the actions that it denies are allowed elsewhere in the policy.
 */
function isLost(denial: Cells, stack: Synthesized, rows: readonly StatementRow[]): boolean {
  const beside = rows.map(({ cells }) => cells).filter(({ policy }) => policy === denial.policy);
  const isDue = denial.policy.startsWith('`aws_iam_role_policy`')
    ? beside.some(({ effect, actions }) => effect === 'Allow' && actions === denial.actions)
    : stack.managed.some((block) => policyName(stack, block) === denial.policy);
  return denial.effect === 'Deny' && isDue && !beside.some((cells) => textOf(cells) === textOf(denial));
}
