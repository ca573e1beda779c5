import type { IncomingHttpHeaders } from 'node:http';
import { LOCAL_ACCOUNT } from '../account';
import { S3Error } from './s3-error';

/** Who asks. */
interface Principal {
  readonly accessKeyId: string;
  /** `arn:aws:iam::{account}:user/{name}`, `…:role/{name}`, or `arn:aws:sts::{account}:assumed-role/{role}/{session}`. */
  readonly arn: string;
  /** Twelve digits. */
  readonly account: string;
}

export interface Caller {
  /** Undefined for an unsigned request. */
  readonly principal: Principal | undefined;
  /** The region that the request was signed for: a local endpoint has no region of its own. */
  readonly region: string | undefined;
}

const SCOPE = /^([^/]+)\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request$/;

/**
 * Reads who signed a request. The signature itself is not checked: there are no secrets here.
 *
 * @param principals - ARNs by access key id; any other key id is a user of that name in account 000000000000.
 * @throws {S3Error} AuthorizationHeaderMalformed.
 */
export function identify(
  headers: IncomingHttpHeaders,
  query: ReadonlyMap<string, string>,
  principals: Readonly<Record<string, string>>,
): Caller {
  const authorization = headers.authorization;
  const credential =
    authorization === undefined
      ? query.get('X-Amz-Credential')
      : /Credential=([^,\s]+)/.exec(authorization)?.[1];
  if (credential === undefined && authorization === undefined) return ANONYMOUS;
  const [, accessKeyId, region] = SCOPE.exec(credential ?? '') ?? [];
  if (accessKeyId === undefined) {
    throw new S3Error(
      'AuthorizationHeaderMalformed',
      'The authorization header is malformed: sign with AWS Signature Version 4.',
    );
  }
  const arn = principals[accessKeyId] ?? `arn:aws:iam::${LOCAL_ACCOUNT}:user/${accessKeyId}`;
  return { principal: { accessKeyId, arn, account: accountOf(arn) }, region };
}

const ANONYMOUS: Caller = { principal: undefined, region: undefined };

const accountOf = (arn: string): string => arn.split(':')[4] ?? '';

/** The role behind a session: policies name the role, requests come from the session. */
export function roleArn(arn: string): string | undefined {
  const [, partition, account, role] = /^arn:([^:]+):sts::(\d+):assumed-role\/([^/]+)\//.exec(arn) ?? [];
  return role === undefined ? undefined : `arn:${partition}:iam::${account}:role/${role}`;
}
