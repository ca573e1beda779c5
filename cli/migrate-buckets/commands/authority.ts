import type { Authority, BucketEvidence, Signal } from '../../../contracts/migrate-buckets/authority';
import type { ResultOf } from '../../../contracts/migrate-buckets/output';
import { command, type Outcome } from '../../shared/command';
import { counted } from '../../shared/counted';
import { EXIT } from '../../shared/exit-codes';
import {
  bad,
  bytes,
  faint,
  firstOf,
  good,
  heading,
  type ListRow,
  list,
  row,
  when,
} from '../../shared/reporters/text';
import { UserError } from '../../shared/user-error';
import { declareSearch, QUICK, searchOf } from './search';
import { type ShortNames, shortNames } from './short-names';

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
      text: [describeVerdict(found, options.verbose), ...found.unchecked.map(faint)].join('\n'),
    };
  },
);

/** The verdict for people, first of all, and then what it rests on. */
export function describeVerdict(authority: Authority, verbose: boolean | undefined): string {
  const { winner, reasons, signals, buckets, stranded } = authority;
  const names = shortNames(buckets.map(({ name }) => name));
  return [
    winner === null
      ? bad('The buckets do not show which of them is the truth. Name it with "plan --source".')
      : good(`The truth is ${winner}.`),
    ...reasons.map((reason) => `  ${reason}`),
    ...describeLosses(authority),
    ...describeStranded(stranded, verbose),
    ...names.legend,
    heading('Gates'),
    list(buckets.flatMap((bucket) => gateRows(bucket, names.of(bucket.name), verbose))),
    ...describeForms(buckets, names),
    heading('Signals (* the best of those that pass every gate)'),
    list(signals.map((signal) => signalRow(signal, names))),
  ].join('\n');
}

/** The forms of the records in each bucket's snapshots, and what older ones mean. */
export function describeForms(buckets: readonly BucketEvidence[], names: Pick<ShortNames, 'of'>): string[] {
  const {
    describeRecordForms,
  }: typeof import('../snapshots/describe-record-forms') = require('../snapshots/describe-record-forms');
  const all = buckets.flatMap((bucket) =>
    bucket.collections.flatMap((each) => {
      const text = describeRecordForms(each);
      return text === undefined ? [] : [{ ...text, of: `${names.of(bucket.name)} ${each.collection}` }];
    }),
  );
  if (all.length === 0) return [];
  return [
    heading('Forms of the records'),
    list(all.map(({ of, shares }) => ({ cells: [of, shares] }))),
    ...all.flatMap(({ of, warning }) => (warning === undefined ? [] : [bad(`  In ${of}: ${warning}`)])),
  ];
}

/** What fails comes with its evidence; what passes by its name alone, unless all is to be said. */
function gateRows({ collections }: BucketEvidence, bucket: string, verbose: boolean | undefined): ListRow[] {
  return collections.flatMap(({ collection, gates }) => {
    const of = `${bucket} ${collection}`;
    const told = gates.filter(({ result }) => verbose === true || result === 'fail');
    const named = (['pass', 'neutral'] as const).flatMap((result): ListRow[] => {
      const those = gates.filter((each) => each.result === result && !told.includes(each));
      const cells = [result, of, those.map(({ gate }) => gate).join(', ')];
      return those.length === 0 ? [] : [{ cells, paint: PAINT[result] }];
    });
    return [
      ...told.map(({ gate, result, evidence }) => ({
        cells: [result === 'fail' ? 'FAIL' : result, of, `${gate}: ${evidence}`],
        paint: PAINT[result],
      })),
      ...named,
    ];
  });
}

const firstColumn =
  (paint: (text: string) => string): NonNullable<ListRow['paint']> =>
  (text, column) =>
    column === 0 ? paint(text) : text;
const PAINT = { pass: firstColumn(good), neutral: firstColumn(faint), fail: bad };

function signalRow({ name, values, best }: Signal, names: ShortNames): ListRow {
  const shown = Object.entries(values).map(([bucket, value]) => {
    const text =
      name === 'bytes' ? bytes(Number(value)) : name === 'newest write' ? when(Number(value)) : String(value);
    return `${names.of(bucket)} ${text}${best.includes(bucket) ? '*' : ''}`;
  });
  return { cells: [name, shown.join(', ')] };
}

function describeLosses({ winner, left_behind: leftBehind }: Authority): string[] {
  if (winner === null) return [];
  const {
    describeLeftBehind,
  }: typeof import('../authority/left-behind') = require('../authority/left-behind');
  return leftBehind.flatMap((each) => describeLeftBehind(each, winner)).map((sentence) => `  ${sentence}`);
}

function describeStranded(stranded: Authority['stranded'], verbose: boolean | undefined): string[] {
  if (stranded.length === 0) return [];
  return [
    heading(
      `${counted(stranded.length, 'delta')} ${stranded.length === 1 ? 'is' : 'are'} stranded: newer than the snapshot, and only in a losing bucket`,
    ),
    ...firstOf(
      stranded.map(({ bucket, key }) => row(`${bucket}: ${key}`)),
      verbose,
    ),
  ];
}
