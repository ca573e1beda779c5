import { createHash } from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';

/** Passes bytes on unchanged, and hashes and counts them. */
export class Hashing<Algorithm extends 'sha256' | 'md5'> extends Transform {
  bytes = 0;
  private readonly hashes;

  constructor(...algorithms: readonly Algorithm[]) {
    super();
    this.hashes = algorithms.map((name) => [name, createHash(name)] as const);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    for (const [, hash] of this.hashes) hash.update(chunk);
    this.bytes += chunk.length;
    done(null, chunk);
  }

  /** Hexadecimal, once all bytes are through. */
  digests(): Record<Algorithm, string> {
    const digests = this.hashes.map(([name, hash]) => [name, hash.digest('hex')] as const);
    return Object.fromEntries(digests) as Record<Algorithm, string>;
  }
}
