import type { Gate, ResultOf, Retirement } from '../../../contracts/migrate-buckets/output';
import { REFERENCE_KINDS, RETIRE_MODES } from '../../../contracts/migrate-buckets/words';
import { command, declare, type Outcome } from '../../shared/command';
import { confirming } from '../../shared/confirmation';
import { EXIT } from '../../shared/exit-codes';
import { asItIs, atLeast, oneOf, repeated } from '../../shared/option-values';
import { bad, good, table } from '../../shared/reporters/text';
import { BREAK_LOCK } from './break-lock';

export const retire = command(
  declare(
    'retire',
    'Empty the old bucket, or delete it. Refuses unless every gate holds.',
    `migrate-buckets retire plan.json --state terraform.tfstate
     migrate-buckets retire plan.json --mode delete --purge --confirm my-old-bucket`,
  )
    .argument('<plan>', 'the file that plan wrote')
    .option(
      '--mode <mode>',
      'soft (mark only), empty-keep (a deleted name can be taken by others), delete',
      oneOf(RETIRE_MODES),
      'empty-keep',
    )
    .option('--purge', 'versioned buckets: delete the versions for good too; else they are only hidden')
    .option('--confirm <name>', "the bucket's name or the plan's digest, instead of being asked")
    .option('--soak <hours>', 'hours that must have passed since the verification', atLeast(0), 24)
    .option(
      '--state <path>',
      'Terraform state or Pulumi stack export to search for references; repeatable',
      repeated(asItIs),
    )
    .option(
      '--accept-unchecked <gate>',
      `${REFERENCE_KINDS.join(', ')}: go on though it could not be checked; repeatable`,
      repeated(oneOf(REFERENCE_KINDS)),
    )
    .option('--accept-idle', 'go on though nothing was written to the new bucket since the verification')
    .option(...BREAK_LOCK)
    .option('--dry-run', 'show the gates and stop'),
  async (context, [path], options): Promise<Outcome<ResultOf<'retire'>>> => {
    const { retirePlan }: typeof import('../retirement/retire-plan') = require('../retirement/retire-plan');
    const {
      mode,
      purge = false,
      soak,
      state = [],
      acceptUnchecked = [],
      acceptIdle,
      dryRun = false,
    } = options;
    const { source, gates, passed, retired } = await retirePlan(context, {
      path,
      mode,
      purge,
      soak: soak * 3600,
      statePaths: state,
      overrides: [...acceptUnchecked, ...(acceptIdle === true ? ['in-use'] : [])],
      dryRun,
      breakLock: options.breakLock,
      confirm: confirming(context, options.confirm),
    });
    const data = { gates, retired };
    const told = (text: string) => [describeGates(gates), text].join('\n');
    if (!passed) {
      return { exitCode: EXIT.refused, data, text: told(bad('Refused: nothing was deleted.')) };
    }
    if (retired === null) {
      return { exitCode: EXIT.ok, data, text: told(good('Every gate holds. Nothing was done (--dry-run).')) };
    }
    const exitCode = retired.failed.length > 0 ? EXIT.incomplete : EXIT.ok;
    return { exitCode, data, text: told(describe(retired, source, path)) };
  },
);

function describeGates(gates: readonly Gate[]): string {
  const mark = ({ passed, overridden }: Gate) =>
    overridden ? 'overridden' : passed ? good('holds') : bad('FAILS');
  return table(
    ['gate', '', 'evidence'],
    gates.map((gate) => [gate.name, mark(gate), gate.evidence]),
  );
}

function describe(retired: Retirement, source: string, path: string): string {
  const { mode, hidden, deleted, failed, bucket_deleted, uploads_aborted } = retired;
  if (failed.length > 0) {
    const shown = failed.slice(0, 20).map(({ key, message }) => `  ${key}: ${message}`);
    return [
      bad(`${failed.length} objects of ${source} could not be deleted. Run retire again.`),
      ...shown,
    ].join('\n');
  }
  if (mode === 'soft') return good(`${source} is marked as retired. It stays frozen, with all it holds.`);
  if (hidden) {
    return good(
      `The objects of ${source} are hidden under delete markers. Once nothing misses them, delete the versions for good: migrate-buckets retire ${path} --purge`,
    );
  }
  const uploads = uploads_aborted === 0 ? '' : ` ${uploads_aborted} unfinished uploads were aborted.`;
  return good(
    bucket_deleted
      ? `${source} is emptied (${deleted} deleted) and deleted.${uploads}`
      : `${source} is empty (${deleted} deleted) and kept, so that nobody else can take its name.${uploads}`,
  );
}
