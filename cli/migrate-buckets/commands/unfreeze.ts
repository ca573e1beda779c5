import type { ResultOf } from '../../../contracts/migrate-buckets/output';
import { command, declare, type Outcome } from '../../shared/command';
import { confirming } from '../../shared/confirmation';
import { EXIT } from '../../shared/exit-codes';
import { good } from '../../shared/reporters/text';
import { UserError } from '../../shared/user-error';
import { ONCE_UNFROZEN } from '../plan-files/once-begun';
import { BREAK_LOCK } from './break-lock';
import { readPauseOption } from './read-pause';

export const unfreeze = command(
  declare(
    'unfreeze',
    'Take the freeze out of the policy and lifecycle of the source, and keep all else of them. The plan may be lost.',
    `migrate-buckets unfreeze plan.json
     migrate-buckets unfreeze --source my-old-bucket`,
  )
    .argument('[plan]', 'the file that plan wrote')
    .option('--source <name>', 'without a plan: the frozen bucket; what is done is shown first')
    .option('--dest <name>', 'without a plan: where it was migrated to (default: what the freeze tells)')
    .option('--confirm <name>', 'without a plan: the name of the source, instead of being asked')
    .addOption(readPauseOption())
    .option(...BREAK_LOCK),
  async (context, [path], options): Promise<Outcome<ResultOf<'unfreeze'>>> => {
    const { source, dest, confirm, ...more } = options;
    if ((path === undefined) === (source === undefined)) {
      throw new UserError('unfreeze takes a plan, or --source.', EXIT.usage);
    }
    const { unfreezePlan }: typeof import('../freeze/unfreeze-plan') = require('../freeze/unfreeze-plan');
    const {
      unfreezeSource,
    }: typeof import('../freeze/unfreeze-source') = require('../freeze/unfreeze-source');
    const data =
      path !== undefined
        ? await unfreezePlan(context, { path, ...more })
        : await unfreezeSource(context, {
            source: source ?? '',
            destination: dest,
            confirm: confirming(context, confirm),
            ...more,
          });
    return { exitCode: EXIT.ok, data, text: describe(data, path !== undefined) };
  },
);

function describe({ source, unfrozen, phase, steps }: ResultOf<'unfreeze'>, byPlan: boolean): string {
  if (!unfrozen) return `${source} is not frozen${byPlan ? ' by this plan' : ''}.`;
  const done = good(`${source} is not frozen any more.${next(phase, byPlan)}`);
  return [done, ...steps.map((step) => `  ${step}`)].join('\n');
}

function next(phase: ResultOf<'unfreeze'>['phase'], byPlan: boolean): string {
  if (phase === 'retired') return '';
  if (phase === 'retiring') return ` ${ONCE_UNFROZEN}`;
  return byPlan
    ? ' Before retiring it, apply again.'
    : ' Before retiring it, make a new plan and apply that.';
}
