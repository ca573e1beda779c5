import { TerraformStack } from 'cdktf';
import type { PipelineConfig } from '../config';
import { Synthesized } from '../synthesized/synthesized';
import { concurrency } from './concurrency';
import { consumerChoice } from './consumer-choice';
import { consumerTargets } from './consumer-targets';
import { deadLetters } from './dead-letters';
import { declaredStreamConsumers } from './declared-stream-consumers';
import { deltaLifetime } from './delta-lifetime';
import { environments } from './environments';
import type { Guard } from './guard';
import { isolatedNetwork } from './isolated-network';
import { leaseRenewal } from './lease-renewal';
import { leastPrivilege } from './least-privilege';
import { noSecrets } from './no-secrets';
import { nothingHidden } from './nothing-hidden';
import { nothingMissing } from './nothing-missing';
import { observableFunctions } from './observable-functions';
import { oneBucket } from './one-bucket';
import { oneBucketOutput } from './one-bucket-output';
import { oneConsumer } from './one-consumer';
import { oneFunctionEach } from './one-function-each';
import { oneRunTable } from './one-run-table';
import { oneSetOfQueues } from './one-set-of-queues';
import { privateResources } from './private-resources';
import { reviewedProperties } from './reviewed-properties';
import { reviewedSettings } from './reviewed-settings';
import { reviewedStatements } from './reviewed-statements';
import { reviewedTypes } from './reviewed-types';
import { stateful } from './stateful';
import { uniqueNames } from './unique-names';
import { visibility } from './visibility';

/** The invariants, in the order of the design's section on them. */
export const GUARDS: Readonly<Record<string, Guard>> = {
  reviewedTypes,
  reviewedProperties,
  reviewedSettings,
  reviewedStatements,
  nothingHidden,
  nothingMissing,
  oneBucket,
  oneSetOfQueues,
  oneRunTable,
  oneBucketOutput,
  uniqueNames,
  oneConsumer,
  consumerTargets,
  declaredStreamConsumers,
  oneFunctionEach,
  environments,
  visibility,
  deadLetters,
  deltaLifetime,
  leaseRenewal,
  concurrency,
  stateful,
  leastPrivilege,
  noSecrets,
  privateResources,
  isolatedNetwork,
  observableFunctions,
  consumerChoice,
};

/**
 * Attaches every guard to the stack. They run when it is synthesized, over its final form, and stop the
 * synthesis with all their findings at once.
 */
export function guardStack(
  stack: TerraformStack,
  config: PipelineConfig,
  guards: Readonly<Record<string, Guard>> = GUARDS,
): void {
  stack.node.addValidation({
    validate: () => {
      const form = Synthesized.of(stack);
      return [
        ...otherStacks(stack),
        ...Object.entries(guards).flatMap(([name, guard]) =>
          guard(form, config).map(({ where, what, remedy }) => `${name}: ${where}: ${what} ${remedy}`),
        ),
      ];
    },
  });
}

/** Guards see one stack, and `cdktf deploy` without arguments deploys one: there is no other. */
const otherStacks = (stack: TerraformStack): string[] =>
  stack.node.root.node
    .findAll()
    .filter((construct) => TerraformStack.isStack(construct) && construct !== stack)
    .map(
      ({ node }) =>
        `oneStack: ${node.path}: A second stack is in this app, where nothing guards it. Move it to an app of its own.`,
    );
