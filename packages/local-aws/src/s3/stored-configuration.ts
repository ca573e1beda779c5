import type { Bucket } from './store';
import { tag, xmlDocument } from './xml';

const OWNER_ENFORCED = xmlDocument(
  'OwnershipControls',
  '<Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule>',
);

const PUBLIC_ACCESS_BLOCKED = xmlDocument(
  'PublicAccessBlockConfiguration',
  ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets']
    .map((name) => tag(name, true))
    .join(''),
);

export const DEFAULT_ENCRYPTION = xmlDocument(
  'ServerSideEncryptionConfiguration',
  '<Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>false</BucketKeyEnabled></Rule>',
);

/** Since April 2023 a new bucket blocks public access and has no ACLs; since January 2023 it encrypts. */
const DEFAULTS: Readonly<Record<string, string>> = {
  publicAccessBlock: PUBLIC_ACCESS_BLOCKED,
  ownershipControls: OWNER_ENFORCED,
  encryption: DEFAULT_ENCRYPTION,
};

/** Marks a default that was deleted: S3 then says that there is none. */
const DELETED = Buffer.alloc(0);

/** The stored document, or the default that S3 gives every new bucket; undefined when there is none. */
export function storedConfiguration(bucket: Bucket, subresource: string): string | undefined {
  const stored = bucket.configurations.get(subresource);
  if (stored === DELETED) return undefined;
  return stored?.toString('utf8') ?? DEFAULTS[subresource];
}

/** Deletes a document. Encryption cannot be taken away: a delete goes back to AES256. */
export function deleteStored(bucket: Bucket, subresource: string): void {
  if (DEFAULTS[subresource] === undefined || subresource === 'encryption')
    bucket.configurations.delete(subresource);
  else bucket.configurations.set(subresource, DELETED);
}
