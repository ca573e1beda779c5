import { Argument } from '@commander-js/extra-typings';
import type { ResultOf } from '../../../contracts/migrate-buckets/output';
import { command, declare, type Outcome, type ProgramCommand } from '../../shared/command';
import { completionScript, SHELLS } from '../../shared/completion';
import { EXIT } from '../../shared/exit-codes';

/** @param others - the commands that are completed. */
export const completion = (others: readonly ProgramCommand[]) =>
  command(
    declare(
      'completion',
      'Print what a shell runs to complete commands and options.',
      `source <(migrate-buckets completion bash)
       migrate-buckets completion fish > ~/.config/fish/completions/migrate-buckets.fish`,
    ).addArgument(new Argument('<shell>').choices(SHELLS)),
    async (_context, [shell]): Promise<Outcome<ResultOf<'completion'>>> => {
      const declarations = others.map(({ declaration }) => declaration);
      const script = completionScript('migrate-buckets', declarations, shell);
      return { exitCode: EXIT.ok, data: { script }, text: script };
    },
  );
