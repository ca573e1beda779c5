import { z } from 'zod';
import type { Context, Outcome } from '../../shared/context';
import { EXIT } from '../../shared/exit-codes';
import { bad, bytes, faint, good, heading, table, when } from '../../shared/reporters/text';
import { UserError } from '../../shared/user-error';
import { decide, type Verdict } from '../authority/decide';
import type { BucketEvidence } from '../authority/evidence';
import { inspectBuckets } from '../authority/inspect-buckets';
import { findStranded, type StrandedObject } from '../authority/stranded';
import { discoverBuckets } from '../discovery/discover';
import { SdkEngine } from '../engine/sdk-engine';
import { candidateFilter, readOptions, searchOptions } from './options';

/** @public program.ts loads it when the command is called */
export async function run(raw: Readonly<Record<string, unknown>>, context: Context): Promise<Outcome> {
  const { aws, signal, report } = context;
  const options = readOptions(searchOptions.extend({ json: z.boolean().optional() }), raw);
  const { candidates, survey, unchecked } = await discoverBuckets(
    aws,
    candidateFilter(options),
    options.state,
  );
  const [blocked] = candidates.filter(({ problem }) => problem !== null);
  if (blocked?.problem != null) throw new UserError(blocked.problem);
  if (candidates.length === 0) {
    throw new UserError('There is no candidate to judge. Name buckets with --bucket, --name or --tag.');
  }
  const engine = new SdkEngine(aws.s3, { signal });
  const names = candidates.map(({ name }) => name);
  const { evidence, inventories } = await inspectBuckets(aws, engine, names, survey, report);
  const verdict = decide(evidence);
  const winner = evidence.find(({ name }) => name === verdict.winner);
  const stranded =
    winner === undefined
      ? []
      : findStranded(
          winner,
          inventories,
          names.filter((name) => name !== winner.name),
        );
  return {
    exitCode: verdict.winner === null ? EXIT.ambiguous : EXIT.ok,
    data: {
      ...verdict,
      buckets: evidence,
      stranded: stranded.map(({ bucket, object }) => ({ bucket, key: object.key })),
      unchecked,
    },
    text: [describeVerdict(verdict, evidence), ...describeStranded(stranded), ...unchecked.map(faint)].join(
      '\n',
    ),
  };
}

/** The verdict for people: what was looked at, and what follows. */
export function describeVerdict(verdict: Verdict, evidence: readonly BucketEvidence[]): string {
  const gates = evidence.flatMap(({ name, collections }) =>
    collections.flatMap(({ collection, gates: found }) =>
      found.map(({ gate, result, evidence: sentence }) => [name, collection, gate, result, sentence]),
    ),
  );
  const signals = verdict.signals.map(({ name, values, best }) => [
    name,
    ...evidence.map(({ name: bucket }) => {
      const value = values[bucket];
      if (value === undefined) return '-';
      const shown =
        name === 'bytes'
          ? bytes(Number(value))
          : name === 'newest write'
            ? when(Number(value))
            : String(value);
      return best.includes(bucket) ? good(shown) : shown;
    }),
  ]);
  return [
    heading('Gates'),
    table(['bucket', 'collection', 'gate', 'result', 'evidence'], gates),
    heading('Signals'),
    table(['signal', ...evidence.map(({ name }) => name)], signals),
    verdict.winner === null
      ? bad('The buckets do not show which of them is the truth. Name it with "plan --source".')
      : good(`The truth is ${verdict.winner}.`),
    ...verdict.reasons.map((reason) => `  ${reason}`),
  ].join('\n');
}

function describeStranded(stranded: readonly StrandedObject[]): string[] {
  if (stranded.length === 0) return [];
  return [
    heading(`${stranded.length} deltas are stranded: newer than the snapshot, and only in a losing bucket`),
    ...stranded.slice(0, 20).map(({ bucket, object }) => `  ${bucket}: ${object.key}`),
    ...(stranded.length > 20 ? [`  and ${stranded.length - 20} more`] : []),
  ];
}
