import { EXIT, type ExitCode } from './exit-codes';

/** A failure that the operator can act on. Its message is a sentence; anything else thrown is a bug of ours. */
export class UserError extends Error {
  override readonly name = 'UserError';

  constructor(
    message: string,
    readonly exitCode: ExitCode = EXIT.error,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
