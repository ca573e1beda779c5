import type { Check } from '../../../contracts/migrate-buckets/capabilities';
import type { ResultOf } from '../../../contracts/migrate-buckets/output';
import { command, declare, type Outcome } from '../../shared/command';
import { EXIT, type ExitCode } from '../../shared/exit-codes';
import { repeated, within } from '../../shared/option-values';
import { bad, faint, good, table } from '../../shared/reporters/text';
import { arnOf } from './apply';
import { readPauseOption } from './read-pause';
import { shortNames } from './short-names';

export const doctor = command(
  declare(
    'doctor',
    'Prove, on objects of its own, what a migration relies on: conditions, listings, tags, the freeze. Apply begins with the same.',
    `migrate-buckets doctor --source my-old-bucket --dest my-new-bucket
     migrate-buckets doctor --source my-old-bucket --dest my-new-bucket --second-profile app`,
  )
    .requiredOption('--source <name>', 'the bucket to migrate')
    .requiredOption('--dest <name>', 'the bucket to migrate to')
    .option(
      '--principal <arn>',
      'who may write to the frozen source; repeatable (default: you, by STS)',
      repeated(arnOf),
    )
    .option(
      '--second-profile <name>',
      'a profile of another principal that writes to the source, to see that the freeze denies it',
    )
    .option('--no-freeze', 'leave the freeze out: the source is known to be idle')
    .option(
      '--settle <seconds>',
      'how long a policy may take until it denies; at most a day',
      within(0, 86_400),
      30,
    )
    .addOption(readPauseOption())
    .addHelpText(
      'after',
      `
It writes below .migrate-buckets/.probe/ in both buckets and removes what it wrote. For the freeze the source's policy
has, for a moment, one statement more, which concerns these keys alone. Nobody else's object is touched.`,
    ),
  async (context, _args, options): Promise<Outcome<ResultOf<'doctor'>>> => {
    const { examinePair }: typeof import('../doctor/examine-pair') = require('../doctor/examine-pair');
    const { source, dest, principal, secondProfile, freeze, settle, readPause, verbose } = options;
    const { checks, left } = await examinePair(context, {
      source,
      destination: dest,
      principals: principal,
      secondProfile,
      freeze,
      settle,
      readPause,
    });
    return {
      exitCode: exitCodeOf(checks),
      data: { source, destination: dest, checks, left },
      text: [conclude(checks), describeChecks(checks, verbose), ...left.map(bad)].join('\n'),
    };
  },
);

const has = (checks: readonly Check[], wanted: Check['result']) =>
  checks.some(({ result }) => result === wanted);

function exitCodeOf(checks: readonly Check[]): ExitCode {
  if (has(checks, 'denied')) return EXIT.error;
  return has(checks, 'missing') ? EXIT.refused : EXIT.ok;
}

const MARKS: Record<Check['result'], (text: string) => string> = {
  proven: good,
  missing: bad,
  denied: bad,
  unchecked: faint,
};

/** What was found, for people: a table of results, and the evidence of what is not proven, or of all. */
function describeChecks(checks: readonly Check[], verbose: boolean | undefined): string {
  const buckets = [...new Set(checks.map(({ bucket }) => bucket))];
  const names = shortNames(buckets);
  const capabilities = [...new Set(checks.map(({ capability }) => capability))];
  const mark = ({ result }: Check) => MARKS[result](result === 'unchecked' ? 'not checked' : result);
  const rows = capabilities.map((capability) => [
    capability,
    ...buckets.map((bucket) => {
      const found = checks.find((each) => each.capability === capability && each.bucket === bucket);
      return found === undefined ? '' : mark(found);
    }),
  ]);
  const open = checks.filter(({ result }) => verbose === true || result !== 'proven');
  return [
    ...names.legend,
    table(['capability', ...buckets.map(names.of)], rows),
    ...open.map((each) => `${each.capability} in ${each.bucket}: ${mark(each)}. ${each.evidence}`),
  ].join('\n');
}

function conclude(checks: readonly Check[]): string {
  const named = (wanted: Check['result']) => [
    ...new Set(checks.filter(({ result }) => result === wanted).map(({ capability }) => capability)),
  ];
  const sentences = [
    ...(has(checks, 'missing') ? [bad(`Missing: ${named('missing').join(', ')}.`)] : []),
    ...(has(checks, 'denied') ? [bad(`Denied to you: ${named('denied').join(', ')}.`)] : []),
    ...(has(checks, 'unchecked') ? [faint(`Not checked: ${named('unchecked').join(', ')}.`)] : []),
  ];
  return sentences.length === 0 ? good('All is proven.') : sentences.join('\n');
}
