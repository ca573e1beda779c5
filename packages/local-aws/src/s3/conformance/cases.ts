import { bucketCases } from './bucket-cases';
import { checksumCases } from './checksum-cases';
import { copyCases } from './copy-cases';
import { keyCases } from './key-cases';
import { listingCases } from './listing-cases';
import { multipartCases } from './multipart-cases';
import { objectCases } from './object-cases';
import type { ConformanceCase } from './subject';
import { versionCases } from './version-cases';

/** What S3 does, as far as the server here does it. By topic, each by the sentence that names it. */
export const CONFORMANCE: Readonly<Record<string, readonly ConformanceCase[]>> = {
  keys: keyCases,
  objects: objectCases,
  copies: copyCases,
  'uploads in parts': multipartCases,
  checksums: checksumCases,
  listings: listingCases,
  versions: versionCases,
  buckets: bucketCases,
};
