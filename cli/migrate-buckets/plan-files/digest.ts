import { createHash } from 'node:crypto';
import { type ManifestEntry, manifestEntrySchema, type Plan } from '../../../contracts/migrate-buckets/plan';

/** A manifest line: the schema's property order, whatever order the entry was built in. */
export function manifestLine(entry: ManifestEntry): string {
  const ordered = Object.keys(manifestEntrySchema.shape).map((name) => [
    name,
    entry[name as keyof ManifestEntry],
  ]);
  return `${JSON.stringify(Object.fromEntries(ordered))}\n`;
}

/**
 * SHA-256 over the buckets' names, where objects belong, and the ordered manifest: it changes when anything that
 * matters does. A release that does not know of placements computes another one, and refuses the plan.
 */
export class ManifestDigest {
  private readonly hash = createHash('sha256');

  constructor({ source, destination, placement }: Pick<Plan, 'source' | 'destination' | 'placement'>) {
    const { archived, live, folder, filters = [] } = placement;
    const rules = [
      archived,
      live,
      filters.map(({ action, glob }) => [action, glob]),
      ...(folder === undefined ? [] : [folder]),
    ];
    // Plans that were made before there were any keep their digest.
    const isPlain = rules.every(({ length }) => length === 0);
    this.hash.update(`${JSON.stringify([source, destination, ...(isPlain ? [] : rules)])}\n`);
  }

  add(entry: ManifestEntry): void {
    this.hash.update(manifestLine(entry));
  }

  /** 64 hexadecimal digits. */
  finish(): string {
    return this.hash.digest('hex');
  }
}
