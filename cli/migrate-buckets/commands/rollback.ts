import type { ResultOf } from '../../../contracts/migrate-buckets/output';
import { command, declare, type Outcome } from '../../shared/command';
import { confirming } from '../../shared/confirmation';
import { counted, countedWere } from '../../shared/counted';
import { EXIT } from '../../shared/exit-codes';
import { bad, firstOf, good, row } from '../../shared/reporters/text';
import { BREAK_LOCK } from './break-lock';
import { readPauseOption } from './read-pause';

export const rollback = command(
  declare(
    'rollback',
    'Go back to the source: show what was written to the destination since, copy it back if wished, unfreeze.',
    `migrate-buckets rollback plan.json
     migrate-buckets rollback plan.json --copy-back --confirm my-old-bucket`,
  )
    .argument('<plan>', 'the file that plan wrote')
    .option('--copy-back', 'copy what was written to the destination since the first freeze to the source')
    .option('--confirm <name>', "the source's name or the plan's digest, instead of being asked")
    .addOption(readPauseOption())
    .option(...BREAK_LOCK),
  async (
    context,
    [path],
    { copyBack = false, confirm, verbose, ...more },
  ): Promise<Outcome<ResultOf<'rollback'>>> => {
    const { rollBack }: typeof import('../apply/roll-back') = require('../apply/roll-back');
    const { SdkEngine }: typeof import('../engine/sdk-engine') = require('../engine/sdk-engine');
    const data = await rollBack(context, new SdkEngine(context.aws.s3, context), {
      path,
      copyBack,
      confirm: confirming(context, confirm),
      ...more,
    });
    return {
      exitCode: data.left_count > 0 ? EXIT.differences : EXIT.ok,
      data,
      text: describe(data, verbose),
    };
  },
);

function describe(data: ResultOf<'rollback'>, verbose: boolean | undefined): string {
  const { source, destination, unfrozen, copied, others, left, left_count: count } = data;
  const theirs = others.reduce((sum, { objects }) => sum + objects, 0);
  const shown = left.map(({ key, message }) => row(`${key}: ${message}`));
  return [
    good(unfrozen ? `${source} is not frozen any more.` : `${source} was not frozen by this plan.`),
    ...(verbose === true ? data.steps.map((step) => `  ${step}`) : []),
    ...(copied === 0 ? [] : [good(`${countedWere(copied, 'object')} copied back.`)]),
    ...(theirs === 0
      ? []
      : [
          `${countedWere(theirs, 'object')} left out, since other plans put ${theirs === 1 ? 'it' : 'them'} there: ${others.map(({ place, objects }) => `${objects} of ${place}`).join(', ')}.`,
        ]),
    ...(count === 0
      ? [`It holds all that was written since where its objects belong in ${destination}.`]
      : [
          bad(`${counted(count, 'object')} of ${destination} ${count === 1 ? 'is' : 'are'} not in it:`),
          ...firstOf(shown, verbose, count),
        ]),
  ].join('\n');
}
