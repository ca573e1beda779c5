import { LATE_WRITE_SECONDS } from '../../../contracts/lease';
import type { ReceiptReference } from '../../../contracts/record-id';
import {
  isQuiet,
  type TouchedReceipts,
  touchedName,
  touchedReceipt,
} from '../../../contracts/touched-receipts';
import type { RunTable } from '../../shared/run-table';
import { type Lease, LeaseLost, updateIfOurs } from '../lease/lease';
import { fitsPointer } from './checkpoint-due';

type Mark = Pick<TouchedReceipts, 'at' | 'again'>;

/**
 * The receipts that writers have touched in a collection that is merged into in place, under one lease. A server knows
 * no fence: a request of a writer that lost its lease may arrive when its successor has merged a later run of the same
 * receipt. So each writer notes, on the pointer's item and on the condition that the lease is its own, what it is about
 * to touch, and takes it back when it has published and every request was answered. What is left over is merged again:
 * by the next holder, and once more when nothing can arrive any more.
 */
export class TouchedInPlace {
  /** What writers have left over, by receipt. */
  private readonly left: Map<string, Mark>;
  /** What the merge under way touches, and when it noted that. */
  private own: ReadonlyMap<string, number> = new Map();
  /** Of what is left over, what the merge under way merges again, and whether that is for the last time. */
  private again: ReadonlyMap<string, boolean> = new Map();

  /** @param earlier - of the last lease of this process: what it left over is to be merged again, though others have. */
  constructor(
    private readonly lease: Lease,
    earlier?: TouchedInPlace,
  ) {
    const noted = lease.pointer.touched ?? [];
    this.left = new Map(noted.flatMap(({ receipts, ...mark }) => receipts.map((name) => [name, mark])));
    for (const [name, { at, again }] of earlier?.left ?? []) {
      if (!again) this.left.set(name, { at: Math.max(at, this.left.get(name)?.at ?? 0), again });
    }
  }

  isOf({ fence, owner }: Lease): boolean {
    return this.lease.fence === fence && this.lease.owner === owner;
  }

  /** Whether the last merge was broken off. */
  get hasToMend(): boolean {
    return [...this.left.values()].some(({ again }) => !again);
  }

  /** Whether anything is to be merged again, at a moment in milliseconds since the epoch. */
  isDue(now: number): boolean {
    return this.due(now).length > 0;
  }

  /** Begins a merge, with what is to be merged again. */
  begin(now: number): ReceiptReference[] {
    this.again = new Map(this.due(now).map(([name, mark]) => [name, isQuiet(mark, now)]));
    return [...this.again.keys()].map(touchedReceipt);
  }

  private due(now: number): [string, Mark][] {
    return [...this.left].filter(([, mark]) => !mark.again || isQuiet(mark, now));
  }

  /**
   * Notes for good what is about to be touched.
   *
   * @throws {LeaseLost} when the lease is another writer's.
   * @throws {Error} when more was left over than the pointer's item takes.
   */
  async touch(table: RunTable, receipts: readonly ReceiptReference[], now: number): Promise<void> {
    if (receipts.length === 0) return;
    const own = new Map([...this.own, ...receipts.map((each) => [touchedName(each), now] as const)]);
    await this.write(table, own);
    this.own = own;
  }

  /**
   * Ends a merge that was published.
   *
   * @param wasAnswered - whether every request of it was: else one may still arrive.
   */
  async published(table: RunTable, wasAnswered: boolean): Promise<void> {
    if (this.own.size === 0 && this.again.size === 0) return;
    for (const [name, isLast] of this.again) {
      const mark = this.left.get(name);
      if (isLast) this.left.delete(name);
      else if (mark !== undefined) this.left.set(name, { ...mark, again: true });
    }
    if (!wasAnswered) for (const [name, at] of this.own) this.left.set(name, { at, again: true });
    this.own = new Map();
    this.again = new Map();
    await this.write(table, this.own);
  }

  /** Ends a merge that was not published. What it touched stands noted. */
  brokenOff(): void {
    for (const [name, at] of this.own) this.left.set(name, { at, again: false });
    this.own = new Map();
    this.again = new Map();
  }

  private async write(table: RunTable, own: ReadonlyMap<string, number>): Promise<void> {
    const { collection, owner, fence } = this.lease;
    const marks = new Map(this.left);
    for (const [name, at] of own) marks.set(name, { at, again: false });
    if (!fitsPointer([...marks.keys()])) {
      throw new Error(
        `Writers that were broken off have left ${marks.size} receipts of ${collection} to be merged again, more than ` +
          `the pointer can list. They are, and the list ends, within ${LATE_WRITE_SECONDS / 60} minutes.`,
      );
    }
    const touched = grouped(marks);
    const isOurs = await updateIfOurs(
      table,
      collection,
      owner,
      fence,
      touched.length === 0
        ? { UpdateExpression: 'REMOVE touched' }
        : { UpdateExpression: 'SET touched = :touched', ExpressionAttributeValues: { ':touched': touched } },
    );
    if (!isOurs) throw new LeaseLost(`The lease of ${collection} went to another writer.`);
  }
}

function grouped(marks: ReadonlyMap<string, Mark>): TouchedReceipts[] {
  const groups = new Map<string, TouchedReceipts>();
  for (const [name, { at, again }] of marks) {
    const key = `${at} ${again}`;
    const group = groups.get(key) ?? { at, again, receipts: [] };
    group.receipts.push(name);
    groups.set(key, group);
  }
  return [...groups.values()];
}
