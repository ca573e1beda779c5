import type { Rule } from './rule';
import { bucketRules } from './rules/buckets';
import { functionsRules } from './rules/functions';
import { identityRules } from './rules/identities';
import { messagingRules } from './rules/messaging';
import { networkRules } from './rules/network';
import { observationRules } from './rules/observation';
import { storeRules } from './rules/stores';

/** The whole table. */
export const RULES: readonly Rule[] = [
  ...bucketRules,
  ...storeRules,
  ...messagingRules,
  ...functionsRules,
  ...identityRules,
  ...networkRules,
  ...observationRules,
];
