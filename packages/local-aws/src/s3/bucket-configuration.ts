import type { Exchange } from './exchange';
import { aclsNotSupported } from './object-draft';
import { done, header, noContent, type Reply, type S3Request, xmlReply } from './request';
import { S3Error, type S3ErrorCode } from './s3-error';
import type { Bucket } from './store';
import { DEFAULT_ENCRYPTION, deleteStored, storedConfiguration } from './stored-configuration';
import { childrenNamed, childText, parseXml, tag, type XmlElement, xmlDocument } from './xml';

interface Configuration {
  readonly root: string;
  /** What a bucket answers that has none: a document, or an error. */
  readonly absent: string | S3ErrorCode;
  /** @throws {S3Error} when S3 would not take it. */
  readonly validate?: (root: XmlElement, bucket: Bucket) => void;
}

const malformed = () =>
  new S3Error(
    'MalformedXML',
    'The XML you provided was not well-formed or did not validate against our published schema',
  );

/** Configurations that are stored as they come and sent back byte for byte, by sub-resource. */
const CONFIGURATIONS: Readonly<Record<string, Configuration>> = {
  lifecycle: {
    root: 'LifecycleConfiguration',
    absent: 'NoSuchLifecycleConfiguration',
    validate: (root) => {
      if (childrenNamed(root, 'Rule').length === 0) throw malformed();
    },
  },
  tagging: { root: 'Tagging', absent: 'NoSuchTagSet' },
  encryption: {
    root: 'ServerSideEncryptionConfiguration',
    absent: DEFAULT_ENCRYPTION,
  },
  publicAccessBlock: {
    root: 'PublicAccessBlockConfiguration',
    absent: 'NoSuchPublicAccessBlockConfiguration',
  },
  ownershipControls: { root: 'OwnershipControls', absent: 'OwnershipControlsNotFoundError' },
  'object-lock': {
    root: 'ObjectLockConfiguration',
    absent: 'ObjectLockConfigurationNotFoundError',
    validate: (_root, bucket) => {
      if (bucket.versioning !== 'Enabled') {
        throw new S3Error(
          'InvalidBucketState',
          "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
        );
      }
    },
  },
  // Kept for who asks: nothing is replicated.
  replication: {
    root: 'ReplicationConfiguration',
    absent: 'ReplicationConfigurationNotFoundError',
    validate: (_root, bucket) => {
      if (bucket.versioning === 'Enabled') return;
      throw new S3Error(
        'InvalidRequest',
        "Versioning must be 'Enabled' on the bucket to apply a replication configuration",
      );
    },
  },
  // Nothing here can set them; a reader must still get the truth.
  cors: { root: 'CORSConfiguration', absent: 'NoSuchCORSConfiguration' },
  website: { root: 'WebsiteConfiguration', absent: 'NoSuchWebsiteConfiguration' },
  logging: { root: 'BucketLoggingStatus', absent: xmlDocument('BucketLoggingStatus', '') },
  accelerate: { root: 'AccelerateConfiguration', absent: xmlDocument('AccelerateConfiguration', '') },
  requestPayment: {
    root: 'RequestPaymentConfiguration',
    absent: xmlDocument('RequestPaymentConfiguration', tag('Payer', 'BucketOwner')),
  },
  notification: { root: 'NotificationConfiguration', absent: xmlDocument('NotificationConfiguration', '') },
};

const ABSENT_MESSAGES: Partial<Record<S3ErrorCode, string>> = {
  NoSuchLifecycleConfiguration: 'The lifecycle configuration does not exist',
  NoSuchTagSet: 'The TagSet does not exist',
  NoSuchPublicAccessBlockConfiguration: 'The public access block configuration was not found',
  OwnershipControlsNotFoundError: 'The bucket ownership controls were not found',
  ObjectLockConfigurationNotFoundError: 'Object Lock configuration does not exist for this bucket',
  ReplicationConfigurationNotFoundError: 'The replication configuration was not found',
};

/** A lifecycle configuration has one setting that travels beside its document. */
const LIFECYCLE_HEADER = 'x-amz-transition-default-minimum-object-size';

const configuration = (subresource: string): Configuration => {
  const found = CONFIGURATIONS[subresource];
  if (found === undefined)
    throw new S3Error('NotImplemented', `This server does not implement ?${subresource}.`);
  return found;
};

export const getConfiguration =
  (subresource: string) =>
  (_exchange: Exchange, bucket: Bucket): Reply => {
    const { absent } = configuration(subresource);
    const size = bucket.configurations.get(LIFECYCLE_HEADER);
    const headers: Record<string, string> =
      subresource === 'lifecycle' && size !== undefined ? { [LIFECYCLE_HEADER]: size.toString() } : {};
    const stored = storedConfiguration(bucket, subresource);
    if (stored !== undefined) return xmlReply(stored, headers);
    if (absent.startsWith('<')) return xmlReply(absent);
    const code = absent as S3ErrorCode;
    throw new S3Error(code, ABSENT_MESSAGES[code] ?? 'The specified configuration does not exist.', {
      BucketName: bucket.name,
    });
  };

/** @throws {S3Error} MalformedXML. */
export function configurationDocument(request: S3Request, root: string): XmlElement {
  const element = parseXml(request.payload.toString('utf8'));
  if (element?.name !== root) throw malformed();
  return element;
}

export const putConfiguration =
  (subresource: string) =>
  ({ request }: Exchange, bucket: Bucket): Reply => {
    const { root, validate } = configuration(subresource);
    validate?.(configurationDocument(request, root), bucket);
    configurationDocument(request, root);
    bucket.configurations.set(subresource, request.payload);
    const size = header(request, LIFECYCLE_HEADER);
    if (subresource === 'lifecycle' && size !== undefined) {
      bucket.configurations.set(LIFECYCLE_HEADER, Buffer.from(size));
    }
    return subresource === 'tagging' ? noContent() : done();
  };

export const deleteConfiguration =
  (subresource: string) =>
  (_exchange: Exchange, bucket: Bucket): Reply => {
    deleteStored(bucket, subresource);
    return noContent();
  };

export function getVersioning(_exchange: Exchange, bucket: Bucket): Reply {
  return xmlReply(xmlDocument('VersioningConfiguration', tag('Status', bucket.versioning)));
}

export function putVersioning({ request }: Exchange, bucket: Bucket): Reply {
  const status = childText(configurationDocument(request, 'VersioningConfiguration'), 'Status');
  if (status !== 'Enabled' && status !== 'Suspended') {
    throw new S3Error('IllegalVersioningConfigurationException', 'The Versioning element must be specified');
  }
  if (status === 'Suspended' && bucket.configurations.has('object-lock')) {
    throw new S3Error(
      'InvalidBucketState',
      'An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.',
    );
  }
  bucket.versioning = status;
  return done();
}

/** With owner-enforced ownership, an ACL can only say that the owner may do everything. */
export function getAcl(_exchange: Exchange, bucket: Bucket): Reply {
  const id = tag('ID', bucket.owner);
  return xmlReply(
    xmlDocument(
      'AccessControlPolicy',
      `<Owner>${id}</Owner><AccessControlList><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser">${id}</Grantee><Permission>FULL_CONTROL</Permission></Grant></AccessControlList>`,
    ),
  );
}

export function putAcl(): Reply {
  throw aclsNotSupported();
}
