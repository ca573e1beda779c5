import { UserError } from '../../shared/user-error';
import { compareKeys } from './key-order';

/**
 * Watches the pages of one listing go by: each must go on where the one before ended, and say whether it is the
 * last. A listing that breaks this is cut short, repeats itself or is not in order, and nothing can be concluded
 * from it. Holds no more than the markers since the last key.
 */
export class PageOrder {
  private last: string | undefined;
  private readonly markers = new Set<string>();

  /**
   * @param what - is listed, for people: `the listing of my-bucket`.
   * @param repeats - whether a key may come again: one that has several versions does. @default false
   */
  constructor(
    private readonly what: string,
    private readonly repeats = false,
  ) {}

  /** @throws {UserError} when the page's keys do not follow, in order, on those of the pages before. */
  check(keys: readonly string[]): void {
    const [first] = keys;
    if (first !== undefined && first !== this.last) this.markers.clear();
    for (const key of keys) {
      if (this.last !== undefined) {
        const order = compareKeys(key, this.last);
        if (order < 0 || (order === 0 && !this.repeats)) throw outOfOrder(this.what, key, this.last);
      }
      this.last = key;
    }
  }

  /**
   * Where the next page begins; undefined after the last one.
   *
   * @param truncated - what the page says of itself; S3 always says something.
   * @param marker - where it says that the next one begins.
   * @throws {UserError} when it says neither, or leads back to where the listing was.
   */
  next(truncated: boolean | undefined, marker: string | undefined): string | undefined {
    if (truncated === false) return undefined;
    if (marker === undefined) {
      throw new UserError(
        truncated === true
          ? `The listing of ${this.what} broke off: S3 said that there is more but not where. Try again.`
          : `The listing of ${this.what} may be cut short: S3 did not say whether there is more. Try again. If it says so again, this server's listings cannot be relied upon.`,
      );
    }
    if (this.markers.has(marker)) {
      throw new UserError(
        `The listing of ${this.what} goes round in circles: S3 led back to a page that came before. Try again.`,
      );
    }
    this.markers.add(marker);
    return marker;
  }
}

/** What is said of a listing in which `key` came after `last`. */
export const outOfOrder = (what: string, key: string, last: string): UserError =>
  new UserError(
    `The listing of ${what} is not in key order ("${key}" came after "${last}"), so nothing can be concluded from it. A page came twice, or the server lists in another order, as directory buckets do: they are not supported.`,
  );
