import { InvalidArgumentError } from '@commander-js/extra-typings';
import type { ResultOf } from '../../../contracts/migrate-buckets/output';
import { command, type Outcome } from '../../shared/command';
import { EXIT } from '../../shared/exit-codes';
import { atLeast, notEmpty, oneOf, repeated } from '../../shared/option-values';
import { UserError } from '../../shared/user-error';
import { describeForms, describeVerdict } from './authority';
import { BREAK_LOCK } from './break-lock';
import { EXCLUDE, INCLUDE, inOrder } from './filters';
import { declareSearch, QUICK, searchOf } from './search';
import { describePlan } from './show';

const TIERS = ['Bulk', 'Standard', 'Expedited'] as const;

export const plan = command(
  declareSearch(
    'plan',
    'Write plan.json and its manifest: what would be copied, what it costs, what it needs. Read-only: of the server it looks at what reading shows; apply, and doctor, prove the rest.',
    `migrate-buckets plan --dest my-new-bucket
     migrate-buckets plan --source chromadb-a --dest my-new-bucket --include-stranded --out plan.json
     migrate-buckets plan --source lines=chromadb-a --source words=chromadb-b --dest my-new-bucket
     migrate-buckets plan --archive chromadb-b --dest my-new-bucket --out archive.json`,
  )
    .option(
      '--source <name>',
      'the bucket to migrate; auto takes the truth, if it shows; collection=name, once for each collection, makes a plan for each bucket (default: auto)',
      repeated(notEmpty),
    )
    .option(
      '--archive <name>',
      'instead of --source: a bucket to keep; all of it goes under archive/NAME/ of the destination, or see --archive-as',
      notEmpty,
    )
    .option(
      '--archive-as <name>',
      'the folder of archive/ that it is kept in (default: its name), where an earlier bucket of that name is kept',
      folderName,
    )
    .requiredOption('--dest <name>', 'the bucket to migrate to')
    .option(
      '--out <file>',
      'where the plan goes; its manifest goes beside it (default: plan.json, or archive-NAME.json with --archive and --archive-as)',
      notEmpty,
    )
    .option('--include-stranded', 'copy deltas too that only a losing bucket holds and nobody compacted')
    .option('--accept-loss <file>', 'a file with the keys, one a line, of stranded deltas that may be lost')
    .option(...QUICK)
    .option('--deep', 'ask every object, and not a sample, for what its copy will lack')
    .option(...BREAK_LOCK)
    .option('--restore', 'have archived objects restored, which costs money, and plan once that is done')
    .option('--restore-days <days>', 'how long they can be read then', atLeast(1), 14)
    .option('--restore-tier <tier>', TIERS.join(', '), oneOf(TIERS), 'Bulk')
    .option(...EXCLUDE)
    .option(...INCLUDE)
    .option('--overwrite', 'replace what the destination holds under the same key with other content'),
  async (context, _args, options): Promise<Outcome<ResultOf<'plan'>>> => {
    const {
      planMigration,
    }: typeof import('../planning/plan-migration') = require('../planning/plan-migration');
    const { readSources }: typeof import('../planning/named-sources') = require('../planning/named-sources');
    const { SdkEngine }: typeof import('../engine/sdk-engine') = require('../engine/sdk-engine');
    const {
      archive,
      dest,
      out = archive === undefined ? 'plan.json' : `archive-${options.archiveAs ?? archive}.json`,
      acceptLoss,
      includeStranded = false,
      overwrite = false,
    } = options;
    const { archiveAs } = options;
    if (archiveAs !== undefined && archive === undefined) {
      throw new UserError('--archive-as names where --archive NAME keeps a bucket: give both.', EXIT.usage);
    }
    refuseOfArchive(archive, {
      '--source': options.source,
      '--include-stranded': options.includeStranded,
      '--accept-loss': acceptLoss,
    });
    const { restore = false, restoreDays: days, restoreTier: tier, verbose } = options;
    const data = await planMigration(context, new SdkEngine(context.aws.s3, context), {
      search: searchOf(options),
      sources: readSources(options.source ?? []),
      destination: dest,
      archive,
      archiveAs: archiveAs === archive ? undefined : archiveAs,
      out,
      includeStranded,
      acceptLoss,
      overwrite,
      filters: inOrder(options.exclude, options.include),
      quick: options.quick,
      deep: options.deep,
      restore: restore ? { days: Math.ceil(days), tier } : undefined,
      breakLock: options.breakLock,
    });
    return {
      exitCode: data.plan === null ? EXIT.ambiguous : EXIT.ok,
      data,
      text: [data, ...data.further].map((each) => describe(each, verbose)).join('\n\n'),
    };
  },
);

/** One part of a key, in characters that every tool takes as they are. */
function folderName(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/.test(text)) return text;
  throw new InvalidArgumentError(
    'It must begin with a letter or digit and hold letters, digits, ".", "_" and "-" alone, at most 255.',
  );
}

const describe = (
  { path, plan: made, authority }: Omit<ResultOf<'plan'>, 'further'>,
  verbose: boolean | undefined,
): string =>
  made === null || path === null
    ? describeVerdict(authority, verbose)
    : [
        ...describeForms(
          authority.buckets.filter(({ name }) => name === made.source),
          { of: (bucket) => bucket },
        ),
        describePlan(made, path, verbose),
      ].join('\n');

/** What chooses the truth, or what of other buckets belongs to it, has no meaning for a bucket that is only kept. */
function refuseOfArchive(archive: string | undefined, others: Readonly<Record<string, unknown>>): void {
  const [first] = Object.keys(others).filter((name) => others[name] !== undefined);
  if (archive === undefined || first === undefined) return;
  throw new UserError(
    `--archive keeps all of ${archive} as it is, so ${first} does not go with it. Plan what is to be used with --source, and what is to be kept with --archive: two plans.`,
    EXIT.usage,
  );
}
