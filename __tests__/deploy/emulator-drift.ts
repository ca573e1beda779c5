import type { PlannedChange } from '../support/terraform';

/** An attribute that moto 5.2.1 does not give back as it got it, so that a second plan wants it anew. */
interface EmulatorDrift {
  readonly type: string;
  readonly attribute: string;
  readonly reason: string;
}

const NO_DESCRIPTION = 'moto stores a rule without its description';

/** All drift that a second plan may show. An entry that explains nothing any more fails the deploy test. */
export const EMULATOR_DRIFT: readonly EmulatorDrift[] = [
  {
    type: 'aws_lambda_function',
    attribute: 'logging_config',
    reason: 'moto takes LoggingConfig and does not tell it',
  },
  {
    type: 'aws_lambda_function',
    attribute: 'file_system_config',
    reason: 'moto takes FileSystemConfigs and does not tell them',
  },
  {
    type: 'aws_lambda_function',
    attribute: 'kms_key_arn',
    reason: 'moto takes KMSKeyArn and does not tell it',
  },
  {
    type: 'aws_sqs_queue',
    attribute: 'redrive_policy',
    reason: 'moto writes the policy with a space after each colon and comma; AWS returns it as it was sent',
  },
  { type: 'aws_vpc_security_group_egress_rule', attribute: 'description', reason: NO_DESCRIPTION },
  { type: 'aws_vpc_security_group_ingress_rule', attribute: 'description', reason: NO_DESCRIPTION },
];

/** `{type}.{attribute}`: what changes of the same kind have in common. */
export const driftOf = ({ type, before, after }: PlannedChange): string[] => {
  const attributes = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})]);
  return [...attributes]
    .filter((attribute) => JSON.stringify(before?.[attribute]) !== JSON.stringify(after?.[attribute]))
    .map((attribute) => `${type}.${attribute}`);
};

export const knownDrift = (): string[] => EMULATOR_DRIFT.map(({ type, attribute }) => `${type}.${attribute}`);
