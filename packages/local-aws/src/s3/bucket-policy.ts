import { blocksPublicAccess } from './access';
import { Body } from './body';
import type { Exchange } from './exchange';
import { isPublic, parsePolicy } from './policy-document';
import { refuseReplicateActions } from './quirks';
import { noContent, type Reply, xmlReply } from './request';
import { S3Error } from './s3-error';
import type { Bucket } from './store';
import { tag, xmlDocument } from './xml';

function existingPolicy(bucket: Bucket) {
  if (bucket.policy !== undefined) return bucket.policy;
  throw new S3Error('NoSuchBucketPolicy', 'The bucket policy does not exist', { BucketName: bucket.name });
}

export function getBucketPolicy(_exchange: Exchange, bucket: Bucket): Reply {
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: new Body([existingPolicy(bucket).text]),
  };
}

export function getBucketPolicyStatus(_exchange: Exchange, bucket: Bucket): Reply {
  const { document } = existingPolicy(bucket);
  return xmlReply(xmlDocument('PolicyStatus', tag('IsPublic', isPublic(document))));
}

export function putBucketPolicy({ request, service }: Exchange, bucket: Bucket): Reply {
  refuseReplicateActions(request.payload.toString('utf8'), service.quirks);
  const document = parsePolicy(request.payload, bucket.name);
  if (isPublic(document) && blocksPublicAccess(bucket, 'BlockPublicPolicy')) {
    throw new S3Error(
      'AccessDenied',
      'The policy is public, and public policies are blocked by the BlockPublicPolicy setting of the bucket’s public access block.',
    );
  }
  bucket.policy = { text: request.payload, document };
  return noContent();
}

export function deleteBucketPolicy(_exchange: Exchange, bucket: Bucket): Reply {
  bucket.policy = undefined;
  return noContent();
}
