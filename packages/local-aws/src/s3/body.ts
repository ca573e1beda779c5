import { createHash } from 'node:crypto';
import { crc32, crc32c, crc64nvme } from './crc';

export const CHECKSUM_ALGORITHMS = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const;
export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number];

type DigestAlgorithm = ChecksumAlgorithm | 'MD5';

const hashWith =
  (name: string) =>
  (pieces: readonly Buffer[]): Buffer => {
    const hash = createHash(name);
    for (const piece of pieces) hash.update(piece);
    return hash.digest();
  };

const DIGESTS: Record<DigestAlgorithm, (pieces: readonly Buffer[]) => Buffer> = {
  MD5: hashWith('md5'),
  SHA1: hashWith('sha1'),
  SHA256: hashWith('sha256'),
  CRC32: crc32,
  CRC32C: crc32c,
  CRC64NVME: crc64nvme,
};

/**
 * An object's bytes: pieces that are never changed, so that copies and part copies share them. An object of
 * many gigabytes made by part copies of one small object takes the memory of the small one.
 */
export class Body {
  static readonly EMPTY = new Body([]);
  readonly size: number;
  readonly #digests = new Map<DigestAlgorithm, Buffer>();

  constructor(readonly pieces: readonly Buffer[]) {
    let size = 0;
    for (const piece of pieces) size += piece.length;
    this.size = size;
  }

  /** The bytes from `start` up to, not including, `end`. */
  slice(start: number, end: number): Body {
    if (start === 0 && end === this.size) return this;
    const pieces: Buffer[] = [];
    let offset = 0;
    for (const piece of this.pieces) {
      const from = Math.max(start - offset, 0);
      const to = Math.min(end - offset, piece.length);
      if (from < to) pieces.push(piece.subarray(from, to));
      offset += piece.length;
    }
    return new Body(pieces);
  }

  /** Computed once: the body cannot change, and its copies share it. */
  digest(algorithm: DigestAlgorithm): Buffer {
    const known = this.#digests.get(algorithm);
    if (known !== undefined) return known;
    const digest = DIGESTS[algorithm](this.pieces);
    this.#digests.set(algorithm, digest);
    return digest;
  }
}
