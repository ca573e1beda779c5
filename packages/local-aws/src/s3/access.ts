import { roleArn } from './identity';
import { type ByteKey, fromByteKey } from './key-order';
import { type AccessRequest, evaluate, identitiesOf, isPublic } from './policy-document';
import { header, type S3Request } from './request';
import { S3Error } from './s3-error';
import type { Bucket } from './store';
import { storedConfiguration } from './stored-configuration';
import { childText, parseXml } from './xml';

/** Headers that conditions can ask about, as `s3:{name}`. */
const CONDITION_HEADERS = [
  'x-amz-acl',
  'x-amz-storage-class',
  'x-amz-server-side-encryption',
  'x-amz-server-side-encryption-aws-kms-key-id',
  'x-amz-copy-source',
  'x-amz-metadata-directive',
  'x-amz-content-sha256',
  'if-match',
  'if-none-match',
];

function conditionContext(
  request: S3Request,
  bucket: Bucket,
  key: ByteKey | undefined,
  principalTags: Readonly<Record<string, string>>,
): Record<string, string | undefined> {
  const { principal } = request.caller;
  const now = new Date();
  const context: Record<string, string | undefined> = {
    // The local endpoint speaks plain HTTP. Policies that deny it would lock every local test out, and say
    // nothing about the callers under test: to policies, every request comes by TLS 1.3.
    'aws:securetransport': 'true',
    's3:tlsversion': '1.3',
    'aws:currenttime': now.toISOString(),
    'aws:epochtime': String(Math.floor(now.getTime() / 1000)),
    'aws:principalisawsservice': 'false',
    'aws:viaawsservice': 'false',
    's3:signatureversion': 'AWS4-HMAC-SHA256',
    's3:authtype': request.headers.authorization === undefined ? 'REST-QUERY-STRING' : 'REST-HEADER',
    's3:resourceaccount': bucket.owner,
    's3:prefix': request.query.get('prefix'),
    's3:delimiter': request.query.get('delimiter'),
    's3:max-keys': request.query.get('max-keys'),
    's3:versionid': request.query.get('versionId'),
  };
  for (const name of CONDITION_HEADERS) context[`s3:${name}`] = header(request, name);
  if (key !== undefined) {
    for (const { key: name, value } of bucket.currentObject(key)?.content.tags ?? []) {
      context[`s3:existingobjecttag/${name.toLowerCase()}`] = value;
    }
  }
  if (principal === undefined) return { ...context, 'aws:principaltype': 'Anonymous' };
  const name = principal.arn.split('/').at(-1);
  const session = roleArn(principal.arn) !== undefined;
  for (const [tagName, value] of Object.entries(principalTags)) {
    context[`aws:principaltag/${tagName.toLowerCase()}`] = value;
  }
  return {
    ...context,
    'aws:principalarn': roleArn(principal.arn) ?? principal.arn,
    'aws:principalaccount': principal.account,
    'aws:principaltype': session ? 'AssumedRole' : principal.arn.endsWith(':root') ? 'Account' : 'User',
    'aws:userid': session ? `${principal.accessKeyId}:${name}` : principal.accessKeyId,
    'aws:username': session ? undefined : name,
  };
}

/** Whether the bucket's public access block has this setting on. */
export function blocksPublicAccess(
  bucket: Bucket,
  setting: 'BlockPublicPolicy' | 'RestrictPublicBuckets',
): boolean {
  const document = storedConfiguration(bucket, 'publicAccessBlock');
  const root = document === undefined ? undefined : parseXml(document);
  return root !== undefined && childText(root, setting) === 'true';
}

const POLICY_ACTIONS = new Set(['s3:GetBucketPolicy', 's3:PutBucketPolicy', 's3:DeleteBucketPolicy']);

/**
 * Decides whether the caller may do this. Identity policies are not emulated: a principal of the bucket's own
 * account may do whatever no bucket policy denies; any other only what a bucket policy allows.
 *
 * @param principalTags - the caller's tags, for `aws:PrincipalTag/…`.
 * @throws {S3Error} AccessDenied.
 */
export function authorize(
  request: S3Request,
  action: string,
  bucket: Bucket,
  key: ByteKey | undefined,
  principalTags: Readonly<Record<string, string>>,
): void {
  const { principal } = request.caller;
  const owner = principal?.account === bucket.owner;
  const { policy } = bucket;
  if (policy === undefined && owner) return;
  // However wrong a policy is, the owner's root user can mend it.
  if (owner && POLICY_ACTIONS.has(action) && principal?.arn.endsWith(':root')) return;
  const bucketArn = `arn:aws:s3:::${bucket.name}`;
  const access: AccessRequest = {
    action,
    resource: key === undefined ? bucketArn : `${bucketArn}/${fromByteKey(key)}`,
    identities: principal === undefined ? [] : identitiesOf(principal.arn, principal.account),
    context: conditionContext(request, bucket, key, principalTags),
  };
  const verdict = policy === undefined ? undefined : evaluate(policy.document, access);
  if (verdict === 'Deny')
    throw denied(access, principal?.arn, 'with an explicit deny in a resource-based policy');
  if (owner) return;
  const restricted =
    policy !== undefined && isPublic(policy.document) && blocksPublicAccess(bucket, 'RestrictPublicBuckets');
  if (verdict === 'Allow' && !restricted) return;
  throw denied(access, principal?.arn, `because no resource-based policy allows the ${action} action`);
}

function denied({ action, resource }: AccessRequest, arn: string | undefined, because: string): S3Error {
  if (arn === undefined) return new S3Error('AccessDenied', 'Access Denied');
  return new S3Error(
    'AccessDenied',
    `User: ${arn} is not authorized to perform: ${action} on resource: "${resource}" ${because}`,
  );
}
