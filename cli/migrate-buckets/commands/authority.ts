import type { Authority } from '../../../contracts/migrate-buckets/authority';
import type { ResultOf } from '../../../contracts/migrate-buckets/output';
import { command, type Outcome } from '../../shared/command';
import { EXIT } from '../../shared/exit-codes';
import { bad, bytes, faint, good, heading, table, when } from '../../shared/reporters/text';
import { UserError } from '../../shared/user-error';
import { declareSearch, QUICK, searchOf } from './search';

export const authority = command(
  declareSearch(
    'authority',
    'Decide which candidate is the truth, with the evidence for each signal. Read-only.',
    `migrate-buckets authority
     migrate-buckets authority --bucket chromadb-a --bucket chromadb-b`,
  ).option(...QUICK),
  async (context, _args, options): Promise<Outcome<ResultOf<'authority'>>> => {
    const {
      findAuthority,
    }: typeof import('../authority/find-authority') = require('../authority/find-authority');
    const { SdkEngine }: typeof import('../engine/sdk-engine') = require('../engine/sdk-engine');
    const engine = new SdkEngine(context.aws.s3, context);
    const { authority: found } = await findAuthority(context, engine, {
      search: searchOf(options),
      quick: options.quick,
    });
    if (found.buckets.length === 0) {
      throw new UserError('There is no candidate to evaluate. Name buckets with --bucket, --name or --tag.');
    }
    return {
      exitCode: found.winner === null ? EXIT.ambiguous : EXIT.ok,
      data: found,
      text: [
        describeVerdict(found),
        ...describeLosses(found),
        ...describeStranded(found.stranded),
        ...found.unchecked.map(faint),
      ].join('\n'),
    };
  },
);

/** The verdict for people: what was looked at, and what follows. */
export function describeVerdict({ winner, reasons, signals, buckets }: Authority): string {
  const gates = buckets.flatMap(({ name, collections }) =>
    collections.flatMap(({ collection, gates: found }) =>
      found.map(({ gate, result, evidence: sentence }) => [name, collection, gate, result, sentence]),
    ),
  );
  const compared = signals.map(({ name, values, best }) => [
    name,
    ...buckets.map(({ name: bucket }) => {
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
    table(['signal', ...buckets.map(({ name }) => name)], compared),
    winner === null
      ? bad('The buckets do not show which of them is the truth. Name it with "plan --source".')
      : good(`The truth is ${winner}.`),
    ...reasons.map((reason) => `  ${reason}`),
  ].join('\n');
}

function describeLosses({ winner, left_behind: leftBehind }: Authority): string[] {
  if (winner === null) return [];
  const {
    describeLeftBehind,
  }: typeof import('../authority/left-behind') = require('../authority/left-behind');
  return leftBehind.flatMap((each) => describeLeftBehind(each, winner)).map((sentence) => `  ${sentence}`);
}

function describeStranded(stranded: Authority['stranded']): string[] {
  if (stranded.length === 0) return [];
  return [
    heading(`${stranded.length} deltas are stranded: newer than the snapshot, and only in a losing bucket`),
    ...stranded.slice(0, 20).map(({ bucket, key }) => `  ${bucket}: ${key}`),
    ...(stranded.length > 20 ? [`  and ${stranded.length - 20} more`] : []),
  ];
}
