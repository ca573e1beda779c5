import { archivePrefix, deltaPrefix, snapshotPrefix } from '../../../contracts/bucket-layout';
import { COLLECTIONS, type Collection } from '../../../contracts/collections';
import type { PlacementRules } from '../../../contracts/migrate-buckets/plan';
import { EXIT } from '../../shared/exit-codes';
import { UserError } from '../../shared/user-error';

/** A bucket that the operator named as the source of some collections. */
export interface NamedSource {
  readonly bucket: string;
  readonly collections: readonly Collection[];
}

/**
 * Reads what `--source` was given: `auto`, one bucket, or `collection=bucket` for each collection. Pure.
 *
 * @returns the buckets in the order in which they were first named; none for `auto`.
 * @throws {UserError} exit 2 unless all collections have one source each.
 */
export function readSources(texts: readonly string[]): NamedSource[] {
  const [first] = texts;
  if (first === undefined || (texts.length === 1 && first === 'auto')) return [];
  if (texts.every((text) => !text.includes('='))) {
    if (texts.length === 1) return [{ bucket: first, collections: COLLECTIONS }];
    throw usage(`--source names ${texts.length} buckets, and not of which collection each is the source.`);
  }
  const buckets = new Map<Collection, string>();
  for (const text of texts) {
    const [name = '', bucket = '', ...rest] = text.split('=');
    const collection = COLLECTIONS.find((each) => each === name);
    if (bucket === '' || bucket === 'auto' || rest.length > 0) {
      throw usage(`--source ${text} does not name a collection and its bucket.`);
    }
    if (collection === undefined) {
      throw usage(`--source ${text}: "${name}" is not a collection. They are ${COLLECTIONS.join(', ')}.`);
    }
    if (buckets.has(collection)) throw usage(`--source names the source of ${collection} more than once.`);
    buckets.set(collection, bucket);
  }
  const missing = COLLECTIONS.filter((each) => !buckets.has(each));
  if (missing.length > 0) throw usage(`--source does not name the source of ${missing.join(', ')}.`);
  return [...new Set(buckets.values())].map((bucket) => ({
    bucket,
    collections: COLLECTIONS.filter((each) => buckets.get(each) === bucket),
  }));
}

const usage = (what: string) =>
  new UserError(
    `${what} Name one bucket, or each collection once, such as --source lines=my-old-bucket.`,
    EXIT.usage,
  );

/**
 * Where the objects of each bucket belong when several are the sources of one destination: what a bucket was named
 * for keeps its keys, its other collections are kept under `archive/{bucket}/`. Objects of no collection keep their
 * keys in the bucket that is named first. No two buckets have objects that belong under one key: what the first has
 * under the archive of another is archived, too. Pure.
 */
export function placementsOf(sources: readonly NamedSource[]): Map<string, PlacementRules> {
  return new Map(
    sources.map(({ bucket, collections }, index): [string, PlacementRules] => {
      if (index > 0) return [bucket, { archived: [''], live: collections.flatMap(prefixesOf) }];
      const lost = COLLECTIONS.filter((each) => !collections.includes(each)).flatMap(prefixesOf);
      const others = sources.slice(1).map((other) => archivePrefix(other.bucket));
      return [bucket, { archived: [...lost, ...others], live: [] }];
    }),
  );
}

const prefixesOf = (collection: Collection): string[] => [
  snapshotPrefix(collection),
  deltaPrefix(collection),
];
