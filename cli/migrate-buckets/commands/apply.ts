import { InvalidArgumentError } from '@commander-js/extra-typings';
import type { Migration, ResultOf } from '../../../contracts/migrate-buckets/output';
import type { Plan } from '../../../contracts/migrate-buckets/plan';
import { ACCEPTABLE_CAPABILITIES } from '../../../contracts/migrate-buckets/words';
import type { Pace } from '../../shared/aws/pace';
import { command, declare, type Outcome } from '../../shared/command';
import { confirming } from '../../shared/confirmation';
import { counted, countedWere } from '../../shared/counted';
import { EXIT } from '../../shared/exit-codes';
import { atLeast, oneOf, repeated, within } from '../../shared/option-values';
import { bad, bytes, duration, firstOf, good, row } from '../../shared/reporters/text';
import { BREAK_LOCK } from './break-lock';
import { readPauseOption } from './read-pause';
import { describeVerification } from './verify';

export const apply = command(
  declare(
    'apply',
    'Carry a plan out: canary, copy, freeze the source, catch up, pointers last, verify. Can be repeated.',
    `migrate-buckets apply plan.json
     migrate-buckets apply plan.json --confirm my-old-bucket --json`,
  )
    .argument('<plan>', 'the file that plan wrote')
    .option('--confirm <name>', "the source's name or the plan's digest, instead of being asked")
    .option('--allow-source-changes', 'the source is live: take what it gained or changed since the plan')
    .option(
      '--principal <arn>',
      'who may write to the frozen source; repeatable (default: you, by STS)',
      repeated(arnOf),
    )
    .option(
      '--accept-missing <capability>',
      `${ACCEPTABLE_CAPABILITIES.join(', ')}: go on though the server lacks it; repeatable`,
      repeated(oneOf(ACCEPTABLE_CAPABILITIES)),
    )
    .option(
      '--second-profile <name>',
      'a profile of another principal that writes to the source, to see that the freeze denies it',
    )
    .option(
      '--no-freeze',
      'the source is known to be idle: do not deny writes to it. What is written to it after the copy is not migrated',
    )
    .option(
      '--settle <seconds>',
      'wait after the freeze, for the policy to reach all of S3; at most a day',
      within(0, 86_400),
      30,
    )
    .addOption(readPauseOption())
    .option(...BREAK_LOCK)
    .option('--concurrency <number>', 'the most copies in flight', atLeast(1), 64)
    .option(
      '--multipart-above <bytes>',
      "copy larger objects in parts (default: S3's limit of 5 GiB)",
      atLeast(0),
    ),
  async (context, [path], options): Promise<Outcome<ResultOf<'apply'>>> => {
    const { applyPlan }: typeof import('../apply/apply-plan') = require('../apply/apply-plan');
    const { SdkEngine }: typeof import('../engine/sdk-engine') = require('../engine/sdk-engine');
    const { allowSourceChanges = false, principal, settle, concurrency, multipartAbove, freeze } = options;
    const engine = new SdkEngine(context.aws.s3, { ...context, concurrency, multipartAbove });
    const { plan, ...migration } = await applyPlan(context, engine, {
      path,
      confirm: confirming(context, options.confirm),
      principals: principal,
      secondProfile: options.secondProfile,
      acceptMissing: options.acceptMissing ?? [],
      noFreeze: !freeze,
      allowSourceChanges,
      settle,
      readPause: options.readPause,
      breakLock: options.breakLock,
    });
    return {
      exitCode: exitCodeOf(migration),
      data: migration,
      text: [
        describe(migration, plan, path, options),
        ...(options.verbose === true ? [describePace(engine.pace)] : []),
      ].join('\n'),
    };
  },
);

export function arnOf(text: string): string {
  if (text.startsWith('arn:')) return text;
  throw new InvalidArgumentError('A principal is an ARN.');
}

function exitCodeOf({ failed, verification }: Migration) {
  if (failed.length > 0) return EXIT.incomplete;
  return verification?.proven === true ? EXIT.ok : EXIT.differences;
}

/** How the copies went. What lists and verifies has a pace of its own. */
function describePace({ retried, limit }: Pace): string {
  const again = retried === 0 ? 'Nothing' : counted(retried, 'request');
  return `${again} had to be sent again while objects were copied; up to ${limit} at a time were allowed at the end.`;
}

function describe(
  migration: Migration,
  plan: Plan,
  path: string,
  { freeze, verbose }: { readonly freeze: boolean; readonly verbose?: boolean | undefined },
): string {
  const { copied, failed, verification, seconds } = migration;
  const done = `${countedWere(copied, 'object')} copied (${bytes(migration.bytes)}) in ${migration.passes} passes and ${duration(seconds)}.`;
  if (failed.length > 0) {
    const shown = failed.map(({ key, message }) => row(`${key}: ${message}`));
    // Each says what to do about it: another run helps only where nothing else is told.
    return [done, bad(`${counted(failed.length, 'object')} failed:`), ...firstOf(shown, verbose)].join('\n');
  }
  if (verification === null) return done;
  const state = `Verified. ${plan.source} ${freeze ? 'stays' : 'is not'} frozen.`;
  const isPart = (verification.left_out?.objects ?? 0) > 0;
  const next = verification.proven
    ? good(
        isPart
          ? `${state} It cannot be retired by this plan, which leaves out a part of it.`
          : `${state} Next: migrate-buckets retire ${path}`,
      )
    : bad(`Not verified. ${freeze ? 'The source was unfrozen; nothing' : 'Nothing'} was deleted.`);
  return [done, describeVerification(verification, verbose), next].join('\n');
}
