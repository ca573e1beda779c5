import type { ResultOf } from '../../../contracts/migrate-buckets/output';
import { command, type Outcome } from '../../shared/command';
import { EXIT } from '../../shared/exit-codes';
import { bad, faint, heading } from '../../shared/reporters/text';
import type { Discovery } from '../discovery/discover';
import { declareSearch, searchOf } from './search';

export const discover = command(
  declareSearch(
    'discover',
    'Find the candidates, with the evidence for each. Read-only.',
    `migrate-buckets discover
     migrate-buckets discover --name 'receipts-*' --state terraform.tfstate`,
  ),
  async ({ aws }, _args, options): Promise<Outcome<ResultOf<'discover'>>> => {
    const { discoverBuckets }: typeof import('../discovery/discover') = require('../discovery/discover');
    const { candidates, unchecked } = await discoverBuckets(aws, searchOf(options));
    return {
      exitCode: EXIT.ok,
      data: { candidates, unchecked },
      text: describe({ candidates, unchecked }),
    };
  },
);

function describe({ candidates, unchecked }: Pick<Discovery, 'candidates' | 'unchecked'>): string {
  const found = candidates.flatMap(({ name, evidence, problem }) => [
    heading(name),
    ...evidence.map((sentence) => `  ${sentence}`),
    ...(problem === null ? [] : [`  ${bad(problem)}`]),
  ]);
  if (found.length === 0)
    found.push('No candidate was found. Name buckets with --bucket, or look with --name or --tag.');
  return [...found, ...unchecked.map(faint)].join('\n');
}
