import type { Context, Outcome } from '../../shared/context';
import { EXIT } from '../../shared/exit-codes';
import { bad, faint, heading } from '../../shared/reporters/text';
import { type Discovery, discoverBuckets } from '../discovery/discover';
import { candidateFilter, readOptions, searchOptions } from './options';

/** @public program.ts loads it when the command is called */
export async function run(raw: Readonly<Record<string, unknown>>, { aws }: Context): Promise<Outcome> {
  const options = readOptions(searchOptions, raw);
  const { candidates, unchecked } = await discoverBuckets(aws, candidateFilter(options), options.state);
  return {
    exitCode: EXIT.ok,
    data: { candidates, unchecked },
    text: describe({ candidates, unchecked }),
  };
}

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
