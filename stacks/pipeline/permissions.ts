import { keyArns } from '../key-arns';
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

/**
 * Reading a secret by its name, and by its customer key where it has one. Secrets Manager ends a secret's ARN with a hyphen
 * and six characters of its own.
 */
export const readSecret = (
  deployment: Deployment,
  { secretName, secretKeyArn }: { readonly secretName: string; readonly secretKeyArn?: string | undefined },
): Statement[] => [
  {
    Sid: 'ReadItsSecrets',
    Effect: 'Allow',
    Action: 'secretsmanager:GetSecretValue',
    Resource: [deployment.arn('secretsmanager', `secret:${secretName}-??????`)],
  },
  ...decryptFor(deployment, 'secretsmanager', 'DecryptItsSecret', secretKeyArn),
];

/**
 * What a table demands of whoever uses it that is under a customer key of its owner's: DynamoDB decrypts the table's key in
 * the caller's name (https://docs.aws.amazon.com/kms/latest/developerguide/services-dynamodb.html). Ours is under the key
 * that all functions may use.
 */
export const decryptTable = (deployment: Deployment): Statement[] =>
  decryptFor(deployment, 'dynamodb', 'DecryptTheTable', keyArns(deployment.config)['adopt.table.keyArn']);

/** Decrypting by way of a service alone. */
const decryptFor = (
  { region }: Deployment,
  service: string,
  Sid: string,
  keyArn: string | undefined,
): Statement[] =>
  keyArn === undefined
    ? []
    : [
        {
          Sid,
          Effect: 'Allow',
          Action: 'kms:Decrypt',
          Resource: keyArn,
          Condition: { StringEquals: { 'kms:ViaService': `${service}.${region}.amazonaws.com` } },
        },
      ];
