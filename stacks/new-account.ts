import { LambdaFunction } from '@cdktf/provider-aws/lib/lambda-function';
import { Annotations, type TerraformStack } from 'cdktf';

/**
 * What Lambda gives a new account until AWS raises it, by use or on request: megabytes a function, and executions at
 * once, all functions together (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: "New AWS
 * accounts have reduced concurrency and memory quotas"; the numbers are those that the errors of such accounts name).
 */
export const NEW_ACCOUNT = { memory: 3008, concurrency: 10 } as const;

/** What stays unreserved, whatever the quota (https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html). */
const UNRESERVED = 100;

/** Says at synth what a new account refuses at apply, since no plan shows it. To be called when all functions are made. */
export function warnNewAccounts(stack: TerraformStack): void {
  const functions = stack.node
    .findAll()
    .filter((construct): construct is LambdaFunction => construct instanceof LambdaFunction);
  const warn = (sentence: string) => Annotations.of(stack).addWarning(sentence);
  for (const { functionNameInput: name, memorySizeInput: memory = 0 } of functions) {
    if (memory <= NEW_ACCOUNT.memory) continue;
    warn(
      `${name} has ${memory} MB, and Lambda gives a new account ${NEW_ACCOUNT.memory}: where the apply says so, ask AWS Support for more, or lower functions.memory until then.`,
    );
  }
  const reserved = functions.reduce((sum, each) => sum + (each.reservedConcurrentExecutionsInput ?? 0), 0);
  if (reserved === 0) return;
  warn(
    `functions.reserveConcurrency takes ${reserved} of the account's concurrent executions, and AWS keeps ${UNRESERVED} unreserved: where "aws lambda get-account-settings" shows fewer than ${UNRESERVED + reserved} (a new account has ${NEW_ACCOUNT.concurrency}), the apply fails. Ask for more (Service Quotas, L-B99A9384), or leave it out until then.`,
  );
}
