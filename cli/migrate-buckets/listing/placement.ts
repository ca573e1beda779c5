import { archivePrefix, COVERAGE_TAGS, deltaPrefix } from '../../../contracts/bucket-layout';
import { COLLECTIONS } from '../../../contracts/collections';
import { ALL_LIVE, type PlacementRules, type Plan } from '../../../contracts/migrate-buckets/plan';
import { type Glob, globOf } from './glob';
import type { ListedObject } from './listed-object';
import { mergeByKey } from './merge-by-key';
import { inKeyOrder, type Pair, pairListings } from './pair';

/** Lists a bucket in key order: all of it, or what begins with a prefix. */
export type List = (prefix?: string) => AsyncIterable<ListedObject>;

/** Bytes, in UTF-8: S3's own limit. */
export const LONGEST_KEY = 1024;

/** Whether a key is that of a delta, where the pipeline looks for them. */
export const isDeltaKey = (key: string): boolean =>
  COLLECTIONS.some((collection) => key.startsWith(deltaPrefix(collection)));

/** An object of the destination, by the key that it has at the source. */
interface Placed {
  readonly key: string;
  readonly object: ListedObject;
}

/**
 * Where, at the destination, each object of a source belongs: under its own key, or under a folder of `archive/` before
 * it; and which of them its filters leave out: those are not moved, not proven, and never deleted. No two keys of a source belong under the same one: where anything is archived, so is whatever the source holds
 * under that prefix itself.
 */
export class Placement {
  /** Below which its archived objects belong. */
  readonly archive: string;
  private readonly filters: readonly { readonly takes: boolean; readonly glob: Glob }[];
  /** Whether every object keeps its key. */
  private readonly isPlain: boolean;

  constructor(
    private readonly source: string,
    private readonly rules: PlacementRules,
  ) {
    this.archive = archivePrefix(rules.folder ?? source);
    this.filters = (rules.filters ?? []).map(({ action, glob }) => ({
      takes: action === 'include',
      glob: globOf(glob),
    }));
    this.isPlain = rules.archived.length === 0;
  }

  static of({ source, placement }: Pick<Plan, 'source' | 'placement'>): Placement {
    return new Placement(source, placement);
  }

  /** Of a copy that no plan made. */
  static plain(source: string): Placement {
    return new Placement(source, ALL_LIVE);
  }

  /** Under which all of the source belongs; null where anything keeps its key, and somebody may use it. */
  get archivedUnder(): string | null {
    const { archived, live } = this.rules;
    return archived.includes('') && live.length === 0 ? this.archive : null;
  }

  /** Whether anything goes into the archive. */
  get archives(): boolean {
    return !this.isPlain;
  }

  /** Whether there are filters, so that objects may be left out. */
  get isFiltered(): boolean {
    return this.filters.length > 0;
  }

  /** Whether an object of the source is not moved: the last filter that fits its key says so. */
  leavesOut(key: string): boolean {
    return this.filters.findLast(({ glob }) => glob.test(key))?.takes === false;
  }

  /** The same rules without the filters: where what they leave out would belong. */
  unfiltered(): Placement {
    return new Placement(this.source, { ...this.rules, filters: undefined });
  }

  /** Where an object of the source belongs. */
  keyOf(key: string): string {
    return this.isLive(key) ? key : `${this.archive}${key}`;
  }

  /** Whether an object of the source would have a longer key than S3 takes. */
  isTooLong(key: string): boolean {
    return Buffer.byteLength(this.keyOf(key)) > LONGEST_KEY;
  }

  /**
   * The tags that an object's copy does not carry; undefined where it carries all. That a snapshot covers a delta, so
   * that it may expire and no rebuild reads it, is said of the snapshot beside it: under `archive/` all is to be kept,
   * and a delta of another bucket than the source comes without its snapshot.
   */
  tagsLeftBehind({ key, bucket }: Pick<ListedObject, 'key' | 'bucket'>): readonly string[] | undefined {
    if (bucket === undefined && this.isLive(key)) return undefined;
    return isDeltaKey(key) ? COVERAGE_TAGS : undefined;
  }

  /**
   * Pairs the source's listing with what lies where its objects belong, by the source's keys and in their order, in
   * constant memory. An object of the destination keeps the key that it really has. What else the destination holds
   * is passed over, and so is what is left out.
   *
   * @param list - lists the destination.
   * @param onLeftOut - is told each object of the source that is left out.
   * @throws {UserError} when a listing is not in strictly ascending byte order.
   */
  async *pair(
    source: AsyncIterable<ListedObject>,
    list: List,
    onLeftOut?: (object: ListedObject) => void,
  ): AsyncGenerator<Pair> {
    if (this.isPlain && !this.isFiltered) {
      yield* pairListings(source, list());
      return;
    }
    const taken = this.taken(inKeyOrder(source, 'the source'), onLeftOut);
    for await (const { key, left, right } of mergeByKey(taken, this.view(list))) {
      yield { key, source: left, destination: right?.object };
    }
  }

  private async *taken(
    source: AsyncIterable<ListedObject>,
    onLeftOut: ((object: ListedObject) => void) | undefined,
  ): AsyncGenerator<ListedObject> {
    for await (const object of source) {
      if (this.leavesOut(object.key)) onLeftOut?.(object);
      else yield object;
    }
  }

  private async *view(list: List): AsyncGenerator<Placed> {
    if (this.isPlain) {
      yield* this.placed(list(), '');
      return;
    }
    const archived = this.placed(list(this.archive), this.archive);
    if (this.archivedUnder !== null) {
      yield* archived;
      return;
    }
    // No key is in both.
    for await (const { left, right } of mergeByKey(this.placed(list(), ''), archived)) {
      const placed = left ?? right;
      if (placed !== undefined) yield placed;
    }
  }

  /** What of a listing belongs where it lies, under a prefix or without one, in the order of the source's keys. */
  private async *placed(listing: AsyncIterable<ListedObject>, prefix: string): AsyncGenerator<Placed> {
    for await (const object of inKeyOrder(listing, 'the destination')) {
      const key = object.key.slice(prefix.length);
      // The archive's own folder, as consoles make one, is of no key.
      if (key !== '' && this.keyOf(key) === object.key && !this.leavesOut(key)) yield { key, object };
    }
  }

  private isLive(key: string): boolean {
    const begins = (prefix: string) => key.startsWith(prefix);
    if (!this.isPlain && begins(this.archive)) return false;
    return !this.rules.archived.some(begins) || this.rules.live.some(begins);
  }
}
