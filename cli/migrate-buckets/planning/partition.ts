/** By the beginnings of their regions' names: docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries. */
const PARTITIONS = {
  'cn-': 'aws-cn',
  'us-gov-': 'aws-us-gov',
  'us-iso-': 'aws-iso',
  'us-isob-': 'aws-iso-b',
  'eu-isoe-': 'aws-iso-e',
  'us-isof-': 'aws-iso-f',
  'eusc-': 'aws-eusc',
} as const;

/** The second part of every ARN in a region. */
export const partitionOf = (region: string): string =>
  Object.entries(PARTITIONS).find(([start]) => region.startsWith(start))?.[1] ?? 'aws';
