import type { CertifiedObject, Checksum } from '../../../contracts/migrate-buckets/certificate';
import { counted } from '../../shared/counted';

/** An object as a listing shows it today. */
interface Listed {
  readonly size: number;
  readonly etag: string;
}

type Certified = Pick<CertifiedObject, 'size' | 'etag' | 'checksum' | 'sha256'>;

/** How an object differs from what was certified, as far as a listing shows it; undefined where it does not. Pure. */
export function compareListed(certified: Certified, { size, etag }: Listed): string | undefined {
  if (size !== certified.size) return `It has ${counted(size, 'byte')}; ${certified.size} were certified.`;
  if (etag !== certified.etag) return `Its ETag is ${etag}; ${certified.etag} was certified.`;
  return undefined;
}

/** Two checksums say something of each other only where both were computed in the same way. */
export const areComparable = (certified: Checksum, now: Checksum): boolean =>
  certified.algorithm === now.algorithm && certified.type === now.type;

/**
 * The same for what has to be asked for: the checksum that S3 keeps, and the SHA-256 of the bytes where they were
 * read. What the certificate does not tell is not compared. Pure.
 */
export function compareContent(
  certified: Certified,
  now: { readonly checksum: Checksum | null; readonly sha256: string | null },
): string | undefined {
  const { checksum, sha256 } = certified;
  if (checksum !== null && now.checksum !== null && areComparable(checksum, now.checksum)) {
    const { algorithm, value } = now.checksum;
    if (value !== checksum.value) return `Its ${algorithm} is ${value}; ${checksum.value} was certified.`;
  }
  if (sha256 !== null && now.sha256 !== null && sha256 !== now.sha256) {
    return `The SHA-256 of its bytes is ${now.sha256}; ${sha256} was certified.`;
  }
  return undefined;
}
