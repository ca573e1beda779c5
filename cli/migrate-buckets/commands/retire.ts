import type { ResultOf } from '../../../contracts/migrate-buckets/output';
import { REFERENCE_KINDS, RETIRE_MODES } from '../../../contracts/migrate-buckets/words';
import { command, declare, type Outcome } from '../../shared/command';
import { confirming } from '../../shared/confirmation';
import { EXIT } from '../../shared/exit-codes';
import { asItIs, atLeast, oneOf, repeated } from '../../shared/option-values';
import { bad, good } from '../../shared/reporters/text';
import { BREAK_LOCK } from './break-lock';
import { describeEvaluation, describeRetired, describeRetirement, question } from './retire-screen';

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
    .option(
      '--accept-loss <file>',
      'a file with the keys, one a line, of deltas that may be in no collection, but only in the archive',
    )
    .option('--accept-idle', 'go on though nothing was written to the new bucket since the verification')
    .option('--accept-expiry', 'go on though the lifecycle of the new bucket deletes what was copied there')
    .option('--accept-listeners', 'go on though somebody is told of what is deleted in the old bucket')
    .option(...BREAK_LOCK)
    .option('--dry-run', 'show the gates and stop'),
  async (context, [path], options): Promise<Outcome<ResultOf<'retire'>>> => {
    const { retirePlan }: typeof import('../retirement/retire-plan') = require('../retirement/retire-plan');
    const {
      readLosses,
    }: typeof import('../planning/accepted-losses') = require('../planning/accepted-losses');
    const {
      mode,
      purge = false,
      soak,
      state = [],
      acceptUnchecked = [],
      acceptIdle,
      acceptLoss,
      acceptExpiry,
      acceptListeners,
      dryRun = false,
      verbose,
    } = options;
    const extent = { mode, purge };
    const confirm = confirming(context, options.confirm);
    const { source, gates, inventory, passed, already, retired } = await retirePlan(context, {
      path,
      mode,
      purge,
      soak: soak * 3600,
      statePaths: state,
      overrides: [
        ...acceptUnchecked,
        ...(acceptIdle === true ? ['in-use'] : []),
        ...(acceptExpiry === true ? ['lifecycle'] : []),
        ...(acceptListeners === true ? ['listeners'] : []),
      ],
      losses: await readLosses(acceptLoss),
      dryRun,
      breakLock: options.breakLock,
      show: (evaluation) => context.report.show?.(describeEvaluation(evaluation, extent)),
      confirm: (accepted, evaluation) => confirm(accepted, question(evaluation, extent)),
    });
    const data = { gates, inventory, already, retired };
    if (!passed) return { exitCode: EXIT.refused, data, text: bad('Refused: nothing was deleted.') };
    if (retired === null) {
      return { exitCode: EXIT.ok, data, text: good('Every gate holds. Nothing was done (--dry-run).') };
    }
    const left = retired.left?.versions ?? 0;
    if (already) {
      const exitCode = left > 0 ? EXIT.differences : EXIT.ok;
      return { exitCode, data, text: describeRetired(retired, source) };
    }
    // Where it was only accepted that it is not, the gate is overridden.
    const isFrozen = gates.some(
      ({ name, passed: holds, overridden }) => name === 'freeze' && holds && !overridden,
    );
    const exitCode = retired.failed_count > 0 || left > 0 ? EXIT.incomplete : EXIT.ok;
    return { exitCode, data, text: describeRetirement(retired, { source, path, isFrozen, verbose }) };
  },
);
