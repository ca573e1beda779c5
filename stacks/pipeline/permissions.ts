import type { ChromaBucket } from '../shared/chroma-bucket';
import type { DeadLetterQueue } from '../shared/dead-letter-queue';
import type { Deployment } from '../shared/deployment';
import type { Statement } from '../shared/policy-document';
import type { WorkQueue } from '../shared/work-queue';

/** What Lambda's poller does in the name of the function's role. */
export const consume = (queues: readonly WorkQueue[]): Statement => ({
  Sid: 'ConsumeItsQueue',
  Effect: 'Allow',
  Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
  Resource: queues.map(({ queue }) => queue.arn),
});

export const send = (...queues: readonly (WorkQueue | DeadLetterQueue)[]): Statement => ({
  Sid: 'SendMessages',
  Effect: 'Allow',
  Action: 'sqs:SendMessage',
  Resource: queues.map(({ queue }) => queue.arn),
});

/** Some actions on the objects below some prefixes of the shared bucket. */
export const objects = (
  sid: string,
  bucket: ChromaBucket,
  actions: readonly string[],
  prefixes: readonly string[],
): Statement => ({
  Sid: sid,
  Effect: 'Allow',
  Action: actions,
  Resource: prefixes.map((prefix) => `${bucket.arn}/${prefix}*`),
});

/** Listing below some prefixes. Without it S3 answers 403, not 404, for an object that is not there. */
export const list = (bucket: ChromaBucket, prefixes: readonly string[]): Statement => ({
  Sid: 'ListItsPrefixes',
  Effect: 'Allow',
  Action: 's3:ListBucket',
  Resource: bucket.arn,
  Condition: { StringLike: { 's3:prefix': prefixes.map((prefix) => `${prefix}*`) } },
});

/** Reading secrets by name. Secrets Manager ends a secret's ARN with a hyphen and six characters of its own. */
export const readSecrets = (deployment: Deployment, names: readonly string[]): Statement => ({
  Sid: 'ReadItsSecrets',
  Effect: 'Allow',
  Action: 'secretsmanager:GetSecretValue',
  Resource: names.map((name) => deployment.arn('secretsmanager', `secret:${name}-??????`)),
});
