import { parseJson } from '../../shared/parse-json';
import { UserError } from '../../shared/user-error';

/** Marks our statement, so that it is never taken for the bucket's own policy. */
const FREEZE_SID = 'MigrateBucketsFreeze';
/** Bytes that S3 allows a bucket policy. */
const POLICY_LIMIT = 20_480;

/** Every action that changes an object. PutBucketPolicy is NOT among them: whoever freezes must be able to unfreeze. */
const WRITES = [
  's3:PutObject',
  's3:PutObjectAcl',
  's3:PutObjectTagging',
  's3:PutObjectVersionTagging',
  's3:PutObjectVersionAcl',
  's3:DeleteObject',
  's3:DeleteObjectVersion',
  's3:DeleteObjectTagging',
  's3:DeleteObjectVersionTagging',
  's3:RestoreObject',
  's3:ReplicateObject',
  's3:ReplicateDelete',
  's3:ReplicateTags',
];

interface PolicyDocument {
  Version?: string;
  Statement?: unknown;
}

/**
 * The bucket's policy with one statement more: nobody may write but the given principals.
 *
 * @param policy - the policy as it is; null when there is none.
 * @param principals - ARNs as `aws:PrincipalArn` shows them; `*` in them stands for anything.
 * @throws {UserError} when the policy cannot take the statement.
 */
export function freezePolicy(policy: string | null, bucket: string, principals: readonly string[]): string {
  const document = policy === null ? { Version: '2012-10-17' } : parsePolicy(policy, bucket);
  const own = document.Statement === undefined ? [] : [document.Statement].flat();
  const statements = own.filter((statement) => (statement as { Sid?: unknown })?.Sid !== FREEZE_SID);
  const partition = /^arn:([^:]+):/.exec(principals[0] ?? '')?.[1] ?? 'aws';
  const frozen = JSON.stringify({
    ...document,
    Statement: [
      ...statements,
      {
        Sid: FREEZE_SID,
        Effect: 'Deny',
        Principal: '*',
        Action: WRITES,
        Resource: `arn:${partition}:s3:::${bucket}/*`,
        Condition: { ArnNotLike: { 'aws:PrincipalArn': [...principals] } },
      },
    ],
  });
  if (Buffer.byteLength(frozen) > POLICY_LIMIT) {
    throw new UserError(
      `The policy of ${bucket} is too long to take one more statement (S3 allows ${POLICY_LIMIT} bytes). Shorten it, then try again.`,
    );
  }
  return frozen;
}

/** Whether a policy is one that a freeze put there. */
export const isFreezePolicy = (policy: string | null): boolean =>
  policy?.includes(`"${FREEZE_SID}"`) ?? false;

function parsePolicy(policy: string, bucket: string): PolicyDocument {
  const document = parseJson(policy);
  if (document !== undefined) return document as PolicyDocument;
  throw new UserError(`The policy of ${bucket} is not JSON, so it cannot be frozen.`);
}
