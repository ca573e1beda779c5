import type { FreezeMark } from '../../../contracts/migrate-buckets/freeze';
import { parseJson } from '../../shared/parse-json';
import { UserError } from '../../shared/user-error';
import { markIn, sidOf } from './freeze-mark';

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

export interface PolicyDocument {
  Version?: string;
  Statement?: unknown;
}
export type Statement = Readonly<Record<string, unknown>>;

/**
 * The statement that freezes: nobody may write but the given principals.
 *
 * @param principals - ARNs as `aws:PrincipalArn` shows them; `*` in them stands for anything.
 * @param mark - who freezes.
 */
export function freezeStatement(bucket: string, principals: readonly string[], mark?: FreezeMark): Statement {
  const partition = /^arn:([^:]+):/.exec(principals[0] ?? '')?.[1] ?? 'aws';
  return {
    Sid: sidOf(mark),
    Effect: 'Deny',
    Principal: '*',
    Action: WRITES,
    Resource: `arn:${partition}:s3:::${bucket}/*`,
    Condition: { ArnNotLike: { 'aws:PrincipalArn': [...principals] } },
  };
}

/**
 * The bucket's policy with the statement that freezes, in place of any that did.
 *
 * @param policy - the policy as it is; null when there is none.
 * @throws {UserError} when the policy cannot take the statement.
 */
export function freezePolicy(policy: string | null, bucket: string, statement: Statement): string {
  const document = policy === null ? { Version: '2012-10-17' } : parsePolicy(policy, bucket);
  const others = statementsOf(document).filter((each) => markOf(each) === undefined);
  const frozen = JSON.stringify({ ...document, Statement: [...others, statement] });
  if (Buffer.byteLength(frozen) > POLICY_LIMIT) {
    throw new UserError(
      `The policy of ${bucket} is too long to take one more statement (S3 allows ${POLICY_LIMIT} bytes). Shorten it, then try again.`,
    );
  }
  return frozen;
}

/**
 * The same statement without the actions of replication, which servers that do not replicate take for a mistake.
 * Nothing is given up there: nobody can replicate into the bucket.
 */
export const withoutReplication = (statement: Statement): Statement =>
  Array.isArray(statement.Action)
    ? {
        ...statement,
        Action: statement.Action.filter((action) => !String(action).startsWith('s3:Replicate')),
      }
    : statement;

/** The statements in a policy that a freeze put there. */
export const freezesIn = (policy: string | null): Statement[] =>
  policy === null
    ? []
    : statementsOf(parseJson(policy) as PolicyDocument | undefined).filter(
        (each): each is Statement => markOf(each) !== undefined,
      );

/** Whether a policy is one that a freeze put there. */
export const isFreezePolicy = (policy: string | null): boolean => freezesIn(policy).length > 0;

/** A lone statement need not be in a list. */
export const statementsOf = (document: PolicyDocument | undefined): unknown[] =>
  document?.Statement === undefined ? [] : [document.Statement].flat();

/** The mark of a statement that freezes: see {@link markIn}. */
export const markOf = (statement: unknown) => markIn((statement as { Sid?: unknown } | null)?.Sid);

export function parsePolicy(policy: string, bucket: string): PolicyDocument {
  const document = parseJson(policy);
  if (document !== undefined) return document as PolicyDocument;
  throw new UserError(`The policy of ${bucket} is not JSON, so it cannot be frozen.`);
}
