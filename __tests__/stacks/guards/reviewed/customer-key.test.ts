import { type ConfigInput, parseConfig } from '../../../../stacks/config';
import { customerKey, topicKey } from '../../../../stacks/guards/reviewed/customer-key';
import { formOf } from '../../../support/guard-findings';

const KEY_ARN = 'arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000';
const MADE = `\${aws_kms_key.encryption.arn}`;
const OTHERS = ['alias/aws/sns', `\${aws_kms_key.other.arn}`];

const stack = formOf({ 'aws_kms_key.encryption': {}, 'aws_kms_key.other': {} });
const [block] = stack.managed;
if (block === undefined) throw new Error('The form has a key.');

const NONE: ConfigInput = { encryption: { type: 'sse-s3' } };
const OWN: ConfigInput = { encryption: { type: 'kms' } };
const GIVEN: ConfigInput = { encryption: { type: 'kms', keyArn: KEY_ARN } };

describe.each([
  [
    'customerKey',
    customerKey,
    [
      [NONE, undefined],
      [OWN, MADE],
      [GIVEN, KEY_ARN],
    ],
  ],
  [
    'topicKey',
    topicKey,
    [
      [NONE, MADE],
      [OWN, MADE],
      [GIVEN, KEY_ARN],
    ],
  ],
] as const)('%s', (_name, property, expected) => {
  it.each(expected)('under %j is %s and nothing else', (input, right) => {
    const place = { block, stack, config: parseConfig(input, 'test') };
    expect(property.holds([right, right], place)).toBe(true);
    for (const wrong of [undefined, MADE, KEY_ARN, ...OTHERS].filter((value) => value !== right)) {
      expect(property.holds([right, wrong], place)).toBe(false);
    }
  });

  it('is decided by the configuration', () => {
    expect(property.setting).toBe('encryption');
    expect(property.demand).toMatch(/key/);
  });
});
