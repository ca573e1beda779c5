import type { ResultOf } from '../../../contracts/migrate-buckets/output';
import { PLAN_VERSION } from '../../../contracts/migrate-buckets/words';
import { command, declare, type Outcome } from '../../shared/command';
import { EXIT } from '../../shared/exit-codes';

export const version = command(
  declare(
    'version',
    'Print the release; with --json also on which Node it runs, and which plans it reads. Needs no AWS.',
    `migrate-buckets version
     migrate-buckets --version --json`,
  ),
  async ({ tool }): Promise<Outcome<ResultOf<'version'>>> => {
    const [name = '', release = ''] = tool.split(' ');
    return {
      exitCode: EXIT.ok,
      data: { name, version: release, node: process.versions.node, plan_version: PLAN_VERSION },
      text: release,
    };
  },
);

/** The command line that `--version` stands for, wherever it stands: nothing else is done then. */
export const asksForVersion = (argv: readonly string[]): string[] | undefined =>
  argv.some((each) => each === '--version' || each === '-V')
    ? ['version', ...argv.filter((each) => each === '--json')]
    : undefined;
