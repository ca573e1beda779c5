import type { ResultOf } from '../../../contracts/migrate-buckets/output';
import { command, declare, type Outcome } from '../../shared/command';
import { EXIT } from '../../shared/exit-codes';
import { good } from '../../shared/reporters/text';
import { BREAK_LOCK } from './break-lock';

export const unfreeze = command(
  declare(
    'unfreeze',
    "Put the source's policy and lifecycle back as they were before the freeze.",
    'migrate-buckets unfreeze plan.json',
  )
    .argument('<plan>', 'the file that plan wrote')
    .option(...BREAK_LOCK),
  async (context, [path], { breakLock }): Promise<Outcome<ResultOf<'unfreeze'>>> => {
    const { unfreezePlan }: typeof import('../freeze/unfreeze-plan') = require('../freeze/unfreeze-plan');
    const data = await unfreezePlan(context, { path, breakLock });
    const text = data.unfrozen
      ? good(`The policy and lifecycle of ${data.source} are as they were. Before retiring it, apply again.`)
      : `${data.source} is not frozen by this plan.`;
    return { exitCode: EXIT.ok, data, text };
  },
);
