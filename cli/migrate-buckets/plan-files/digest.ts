import { createHash } from 'node:crypto';
import { type ManifestEntry, manifestEntrySchema } from '../../../contracts/migrate-buckets/plan';

/** A manifest line: the schema's property order, whatever order the entry was built in. */
export function manifestLine(entry: ManifestEntry): string {
  const ordered = Object.keys(manifestEntrySchema.shape).map((name) => [
    name,
    entry[name as keyof ManifestEntry],
  ]);
  return `${JSON.stringify(Object.fromEntries(ordered))}\n`;
}

/** SHA-256 over the buckets' names and the ordered manifest: it changes when anything that matters does. */
export class ManifestDigest {
  private readonly hash = createHash('sha256');

  constructor(source: string, destination: string) {
    this.hash.update(`${JSON.stringify([source, destination])}\n`);
  }

  add(entry: ManifestEntry): void {
    this.hash.update(manifestLine(entry));
  }

  /** 64 hexadecimal digits. */
  finish(): string {
    return this.hash.digest('hex');
  }
}
