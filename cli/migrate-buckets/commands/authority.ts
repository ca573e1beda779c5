import { command } from '../../shared/command';
import { EXIT } from '../../shared/exit-codes';
import { bad, bytes, faint, good, heading, table, when } from '../../shared/reporters/text';
import { UserError } from '../../shared/user-error';
import type { Verdict } from '../authority/decide';
import type { BucketEvidence } from '../authority/evidence';
import type { StrandedObject } from '../authority/stranded';
import { declareSearch, searchOf } from './search';

export const authority = command(
  declareSearch(
    'authority',
    'Decide which candidate is the truth, with the evidence for each signal. Read-only.',
    `migrate-buckets authority
     migrate-buckets authority --bucket chromadb-a --bucket chromadb-b`,
  ),
  async (context, _args, options) => {
    const {
      findAuthority,
    }: typeof import('../authority/find-authority') = require('../authority/find-authority');
    const { SdkEngine }: typeof import('../engine/sdk-engine') = require('../engine/sdk-engine');
    const found = await findAuthority(context, new SdkEngine(context.aws.s3, context), {
      search: searchOf(options),
    });
    const { verdict, evidence, stranded, unchecked } = found;
    if (evidence.length === 0) {
      throw new UserError('There is no candidate to evaluate. Name buckets with --bucket, --name or --tag.');
    }
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
  },
);

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
