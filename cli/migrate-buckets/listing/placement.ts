import { archivePrefix } from '../../../contracts/bucket-layout';
import { ALL_LIVE, type PlacementRules, type Plan } from '../../../contracts/migrate-buckets/plan';
import type { ListedObject } from './listed-object';
import { mergeByKey } from './merge-by-key';
import { inKeyOrder, type Pair, pairListings } from './pair';

/** Lists a bucket in key order: all of it, or what begins with a prefix. */
export type List = (prefix?: string) => AsyncIterable<ListedObject>;

/** An object of the destination, by the key that it has at the source. */
interface Placed {
  readonly key: string;
  readonly object: ListedObject;
}

/**
 * Where, at the destination, each object of a source belongs: under its own key, or under `archive/{source}/` before
 * it. No two keys of a source belong under the same one: where anything is archived, so is whatever the source holds
 * under that prefix itself.
 */
export class Placement {
  private readonly archive: string;
  /** Whether every object keeps its key. */
  private readonly isPlain: boolean;

  constructor(
    source: string,
    private readonly rules: PlacementRules,
  ) {
    this.archive = archivePrefix(source);
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

  /** Where an object of the source belongs. */
  keyOf(key: string): string {
    return this.isLive(key) ? key : `${this.archive}${key}`;
  }

  /**
   * Pairs the source's listing with what lies where its objects belong, by the source's keys and in their order, in
   * constant memory. An object of the destination keeps the key that it really has. What else the destination holds
   * is passed over.
   *
   * @param list - lists the destination.
   * @throws {UserError} when a listing is not in strictly ascending byte order.
   */
  async *pair(source: AsyncIterable<ListedObject>, list: List): AsyncGenerator<Pair> {
    if (this.isPlain) {
      yield* pairListings(source, list());
      return;
    }
    for await (const { key, left, right } of mergeByKey(inKeyOrder(source, 'the source'), this.view(list))) {
      yield { key, source: left, destination: right?.object };
    }
  }

  private async *view(list: List): AsyncGenerator<Placed> {
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

  /** What of a listing lies under a prefix and belongs there, in the order of the source's keys. */
  private async *placed(listing: AsyncIterable<ListedObject>, prefix: string): AsyncGenerator<Placed> {
    for await (const object of inKeyOrder(listing, 'the destination')) {
      if (!object.key.startsWith(prefix)) continue;
      const key = object.key.slice(prefix.length);
      // The archive's own folder, as consoles make one, is of no key.
      if (key !== '' && this.keyOf(key) === object.key) yield { key, object };
    }
  }

  private isLive(key: string): boolean {
    const begins = (prefix: string) => key.startsWith(prefix);
    if (!this.isPlain && begins(this.archive)) return false;
    return !this.rules.archived.some(begins) || this.rules.live.some(begins);
  }
}

/** The same in sentences: none where every object keeps its key. */
export function describePlacement({
  source,
  destination,
  placement,
}: Pick<Plan, 'source' | 'destination' | 'placement'>): string[] {
  const { archived, live } = placement;
  if (archived.length === 0) return [];
  const under = `under ${archivePrefix(source)} of ${destination}`;
  const all = archived.includes('');
  if (all && live.length === 0) return [`All of ${source} goes ${under}.`];
  return all
    ? [`Of ${source}, ${live.join(', ')} keep their keys; all else goes ${under}.`]
    : [`Of ${source}, ${archived.join(', ')} go ${under}; all else keeps its key.`];
}
