import type { ResultOf } from '../../../contracts/migrate-buckets/output';
import { command, declare, type Outcome } from '../../shared/command';
import { EXIT } from '../../shared/exit-codes';

export const iamPolicy = command(
  declare(
    'iam-policy',
    'Print the least IAM policy that carries a plan out, as JSON. Read-only, needs no AWS.',
    `migrate-buckets iam-policy plan.json > policy.json
     migrate-buckets iam-policy plan.json --without-retire`,
  )
    .argument('<plan>', 'the file that plan wrote')
    .option('--without-retire', 'leave out what only retire needs: deleting'),
  async (_context, [path], { withoutRetire = false }): Promise<Outcome<ResultOf<'iam-policy'>>> => {
    const { readPlan }: typeof import('../plan-files/plan-file') = require('../plan-files/plan-file');
    const {
      iamPolicy: leastPolicy,
    }: typeof import('../planning/iam-policy') = require('../planning/iam-policy');
    const policy = leastPolicy(await readPlan(path), !withoutRetire);
    return { exitCode: EXIT.ok, data: { policy }, text: JSON.stringify(policy, null, 2) };
  },
);
