import { LOCAL_ACCOUNT } from '../account';
import type { Exchange } from './exchange';
import { ownerElement } from './listings';
import { countParameter, done, header, noContent, type Reply, type S3Request, xmlReply } from './request';
import { S3Error } from './s3-error';
import { Bucket } from './store';
import { childText, parseXml, tag, xmlDocument } from './xml';

/** Where a bucket lives when nobody says, and the region whose buckets have an empty LocationConstraint. */
const DEFAULT_REGION = 'us-east-1';

const MAXIMUM_BUCKETS = 10_000;

const BUCKET_NAME = /^(?!\d+\.\d+\.\d+\.\d+$)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

export function createBucket({ request, service }: Exchange): Reply {
  const name = request.bucket;
  if (!BUCKET_NAME.test(name)) {
    throw new S3Error('InvalidBucketName', 'The specified bucket is not valid.', { BucketName: name });
  }
  const signedFor = request.caller.region ?? DEFAULT_REGION;
  const region = requestedRegion(request.payload);
  // A region's endpoint only makes buckets of that region; us-east-1 is the one that makes any.
  if ((region ?? DEFAULT_REGION) !== signedFor && signedFor !== DEFAULT_REGION) {
    throw new S3Error(
      'IllegalLocationConstraintException',
      `The ${region ?? 'unspecified'} location constraint is incompatible for the region specific endpoint this request was sent to.`,
    );
  }
  const owner = request.caller.principal?.account ?? LOCAL_ACCOUNT;
  const existing = service.buckets.get(name);
  if (existing !== undefined) {
    if (existing.owner !== owner) {
      throw new S3Error(
        'BucketAlreadyExists',
        'The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.',
        { BucketName: name },
      );
    }
    if (existing.region !== DEFAULT_REGION || signedFor !== DEFAULT_REGION) {
      throw new S3Error(
        'BucketAlreadyOwnedByYou',
        'Your previous request to create the named bucket succeeded and you already own it.',
        { BucketName: name },
      );
    }
    return done({ location: `/${name}` });
  }
  const bucket = new Bucket(name, region ?? DEFAULT_REGION, owner);
  if (header(request, 'x-amz-bucket-object-lock-enabled')?.toLowerCase() === 'true') {
    bucket.versioning = 'Enabled';
    bucket.configurations.set(
      'object-lock',
      Buffer.from(xmlDocument('ObjectLockConfiguration', tag('ObjectLockEnabled', 'Enabled'))),
    );
  }
  setOwnership(request, bucket);
  service.buckets.set(name, bucket);
  return done({ location: `/${name}` });
}

const OWNERSHIP = 'x-amz-object-ownership';
const ENFORCED = 'BucketOwnerEnforced';

/** @throws {S3Error} InvalidBucketAclWithObjectOwnership, NotImplemented. */
function setOwnership(request: S3Request, bucket: Bucket): void {
  const ownership = header(request, OWNERSHIP) ?? ENFORCED;
  const acl = header(request, 'x-amz-acl') ?? 'private';
  if (acl !== 'private' && ownership === ENFORCED) {
    throw new S3Error(
      'InvalidBucketAclWithObjectOwnership',
      "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
    );
  }
  if (acl !== 'private')
    throw new S3Error('NotImplemented', 'This server does not implement ACLs of buckets.');
  if (ownership === ENFORCED) return;
  const document = xmlDocument('OwnershipControls', `<Rule>${tag('ObjectOwnership', ownership)}</Rule>`);
  bucket.configurations.set('ownershipControls', Buffer.from(document));
}

function requestedRegion(payload: Buffer): string | undefined {
  if (payload.length === 0) return undefined;
  const root = parseXml(payload.toString('utf8'));
  if (root?.name !== 'CreateBucketConfiguration') {
    throw new S3Error('MalformedXML', 'The XML you provided was not well-formed or did not validate');
  }
  const unknown = root.children.find(({ name }) => name !== 'LocationConstraint');
  if (unknown !== undefined) {
    throw new S3Error('NotImplemented', `This server does not implement ${unknown.name} of a new bucket.`);
  }
  const region = childText(root, 'LocationConstraint');
  return region === 'EU' ? 'eu-west-1' : region || undefined;
}

export function headBucket(_exchange: Exchange, bucket: Bucket): Reply {
  return done({ 'x-amz-bucket-region': bucket.region, 'x-amz-access-point-alias': 'false' });
}

export function deleteBucket({ service }: Exchange, bucket: Bucket): Reply {
  if (!bucket.isEmpty) {
    throw new S3Error(
      'BucketNotEmpty',
      bucket.versioning === undefined
        ? 'The bucket you tried to delete is not empty'
        : 'The bucket you tried to delete is not empty. You must delete all versions in the bucket.',
      {
        BucketName: bucket.name,
      },
    );
  }
  service.buckets.delete(bucket.name);
  return noContent();
}

export function getBucketLocation(_exchange: Exchange, bucket: Bucket): Reply {
  const region = bucket.region === DEFAULT_REGION ? '' : bucket.region;
  return xmlReply(xmlDocument('LocationConstraint', region));
}

export function listBuckets({ request, service }: Exchange): Reply {
  const { principal } = request.caller;
  if (principal === undefined) throw new S3Error('AccessDenied', 'Access Denied');
  const { query } = request;
  const prefix = query.get('prefix') ?? '';
  const region = query.get('bucket-region');
  const after = query.get('continuation-token') ?? '';
  const limit = countParameter(request, 'max-buckets', MAXIMUM_BUCKETS);
  const owned = [...service.buckets.values()]
    .filter(({ name, owner }) => owner === principal.account && name.startsWith(prefix) && name > after)
    .filter((bucket) => region === undefined || bucket.region === region)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const page = owned.slice(0, limit);
  const elements = page.map(
    (bucket) =>
      `<Bucket>${tag('Name', bucket.name)}${tag('CreationDate', bucket.created.iso)}${tag('BucketRegion', bucket.region)}</Bucket>`,
  );
  const next = owned.length > page.length ? page.at(-1)?.name : undefined;
  return xmlReply(
    xmlDocument(
      'ListAllMyBucketsResult',
      `${ownerElement(principal.account)}<Buckets>${elements.join('')}</Buckets>${tag('ContinuationToken', next)}`,
    ),
  );
}
