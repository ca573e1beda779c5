import type { Rule } from './rule';
import { functionsRules } from './rules/functions';
import { identityRules } from './rules/identities';
import { messagingRules } from './rules/messaging';
import { networkRules } from './rules/network';
import { observationRules } from './rules/observation';
import { storageRules } from './rules/storage';

/** The whole table. */
export const RULES: readonly Rule[] = [
  ...storageRules,
  ...messagingRules,
  ...functionsRules,
  ...identityRules,
  ...networkRules,
  ...observationRules,
];
