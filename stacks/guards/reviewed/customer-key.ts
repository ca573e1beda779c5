import { names, type Property } from './property';

const MADE = names('aws_kms_key.encryption');

/** The key that `encryption` chose: the stack's own, or one that exists, or none. */
export const customerKey: Property = {
  holds: (values, place) => {
    const { encryption } = place.config;
    if (encryption.type === 'sse-s3') return values.every((value) => value === undefined);
    return encryption.keyArn === undefined
      ? MADE.holds(values, place)
      : values.every((value) => value === encryption.keyArn);
  },
  demand: 'the key of encryption, and left out where that is "sse-s3"',
  setting: 'encryption',
};

/** As above, but for the alarm topic, which always has a customer key: alarms cannot use the service's own. */
export const topicKey: Property = {
  holds: (values, place) =>
    place.config.encryption.type === 'kms' ? customerKey.holds(values, place) : MADE.holds(values, place),
  demand: "a customer key, since CloudWatch cannot publish under the service's own",
  setting: 'encryption',
};
