import { setTimeout } from 'node:timers/promises';
import type { MigrationEvent } from '../../../contracts/migrate-buckets/output';
import { explain, saying } from '../../shared/aws/explain';
import { failureOf, isTransient } from '../../shared/aws/failure';
import { Pace } from '../../shared/aws/pace';
import type { Context } from '../../shared/command';
import { etagOf } from '../aws/read-object';
import { listAround, type Page } from '../listing/list-around';
import type { ListedObject } from '../listing/listed-object';
import {
  evaluateObject,
  explainLevel,
  isReachable,
  listedLevel,
  type Sides,
} from '../verification/evaluate-object';
import { isAtLeast, requiredLevel } from '../verification/levels';
import { CHANGED, type Deletion, fitsInBatch, sendDeletions } from './send-deletions';

/** What may go from the source under one key, provided that the destination holds its twin. */
export interface Candidate {
  readonly key: string;
  /** Absent where nothing was to be copied: decoys, and keys that were deleted before the verification. */
  readonly twin: ListedObject | undefined;
  /** At most {@link BATCH}, and one alone under a key that does not fit in a batch. */
  readonly deletions: readonly Deletion[];
  /** Why it is left, if that is known before anything is asked. */
  readonly obstacle?: string;
}

export interface DeletionResult {
  deleted: number;
  /** What is left though it was verified, and why: the first hundred. */
  failed: { key: string; message: string }[];
  failed_count: number;
}

export interface DeletionRequest {
  readonly sides: Sides;
  readonly candidates: AsyncIterable<Candidate>;
  /** False where the server was seen to ignore the condition of a deletion. */
  readonly conditional: boolean;
  /** How many objects are expected, for the progress alone. */
  readonly total: number;
}

/** S3 takes this many in one request. */
export const BATCH = 1000;
/** Where each object must be looked at before, a smaller batch keeps the last look near to the deletion. */
const UNCONDITIONAL_BATCH = 50;
const FAILED_SHOWN = 100;
const LEFT_OUT = 'The plan leaves it out (--include, --exclude).';
/** Tries of one batch, each with a proof of its own. */
const TRIES = 6;
/** Milliseconds before the second try; doubled for each further one, with full jitter. */
const BACKOFF = 100;

/**
 * Deletes from the source what the destination holds at that moment: the request before each deletion is one page of
 * the destination's listing, which tells of every object that the deletion names. What is not proven by it, or not
 * the verified one any more, is left and named. A deletion that failed for a passing reason is proven anew before it
 * is sent again.
 */
export async function deleteProven(
  context: Context<MigrationEvent>,
  request: DeletionRequest,
): Promise<DeletionResult> {
  const deletion = new ProvenDeletion(context, request);
  let waiting: Candidate[] = [];
  for await (const candidate of request.candidates) {
    // Whatever the gates found: nothing is known of what the plan leaves out.
    const obstacle = request.sides.placement.leavesOut(candidate.key) ? LEFT_OUT : candidate.obstacle;
    if (obstacle !== undefined) {
      deletion.leave(candidate.key, obstacle);
      continue;
    }
    waiting.push(candidate);
    while (countOf(waiting) >= deletion.batch) waiting = await deletion.begin(waiting);
  }
  while (waiting.length > 0) waiting = await deletion.begin(waiting);
  return deletion.result;
}

const countOf = (candidates: readonly Candidate[]): number =>
  candidates.reduce((sum, { deletions }) => sum + deletions.length, 0);

class ProvenDeletion {
  readonly result: DeletionResult = { deleted: 0, failed: [], failed_count: 0 };
  readonly batch: number;
  private readonly pace = new Pace();

  constructor(
    private readonly context: Context<MigrationEvent>,
    private readonly request: DeletionRequest,
  ) {
    this.batch = request.conditional ? BATCH : UNCONDITIONAL_BATCH;
  }

  /** Settles the first of the candidates, and as many after it as one page and one request hold; hands back the rest. */
  async begin(waiting: readonly Candidate[]): Promise<Candidate[]> {
    const { signal, report } = this.context;
    let rest = [...waiting];
    for (let attempt = 1; ; attempt++) {
      signal.throwIfAborted();
      const [first] = rest;
      if (first === undefined) return [];
      const page = await this.pageAt(this.keyAt(first));
      const covered = this.covered(rest, page);
      const left = await this.unproven(covered, page, attempt);
      if (left === 'read') continue;
      rest = rest.filter((each) => !left.has(each));
      const proven = covered.filter((each) => !left.has(each));
      try {
        await this.send(proven.flatMap(({ deletions }) => deletions));
        report.progress('deleting', this.result.deleted, this.request.total);
        return rest.slice(proven.length);
      } catch (error) {
        if (!isTransient(failureOf(error)) || attempt >= TRIES) {
          const { source } = this.request.sides;
          throw explain(error, `delete from ${source}`, source);
        }
        await setTimeout(Math.random() * BACKOFF * 2 ** (attempt - 1), undefined, { signal });
      }
    }
  }

  /** Where the destination holds it. */
  private keyAt({ key }: Candidate): string {
    return this.request.sides.placement.keyOf(key);
  }

  private pageAt(key: string): Promise<Page> {
    const { aws, signal } = this.context;
    return listAround(aws.s3, this.request.sides.destination, key, this.pace, signal);
  }

  /** The first candidates, as far as the page tells of them and one request can carry them. */
  private covered(waiting: readonly Candidate[], page: Page): Candidate[] {
    const covered: Candidate[] = [];
    let count = 0;
    for (const candidate of waiting) {
      count += candidate.deletions.length;
      const alone = !fitsInBatch(candidate);
      if (covered.length > 0 && (alone || count > this.batch || !page.covers(this.keyAt(candidate)))) break;
      covered.push(candidate);
      if (alone) break;
    }
    return covered;
  }

  /**
   * The candidates whose twin the page does not prove: they are left. `read` where something had to be read, which
   * took its time: the page is old by now, and the next one is compared with what was read.
   */
  private async unproven(
    covered: readonly Candidate[],
    page: Page,
    attempt: number,
  ): Promise<ReadonlySet<Candidate> | 'read'> {
    const { sides } = this.request;
    const { aws, signal } = this.context;
    const left = new Map<Candidate, string>();
    let read = false;
    for (const candidate of covered) {
      const { key, twin } = candidate;
      if (twin === undefined) continue;
      const at = this.keyAt(candidate);
      const present = page.objects.get(at);
      const required = requiredLevel(isReachable(sides, key));
      if (isAtLeast(listedLevel(sides, twin, present), required)) continue;
      const pair = { key, source: twin, destination: present };
      const { level, why } = await evaluateObject(aws.s3, sides, pair, twin, signal);
      if (!isAtLeast(level, required))
        left.set(candidate, why ?? explainLevel(pair, level, isReachable(sides, key), at));
      else if (attempt < TRIES) read = true;
      else left.set(candidate, 'It goes on changing at the destination.');
    }
    if (read) return 'read';
    for (const [{ key }, why] of left) this.leave(key, why);
    return new Set(left.keys());
  }

  private async send(deletions: readonly Deletion[]): Promise<void> {
    const { aws, signal } = this.context;
    const { source } = this.request.sides;
    const kept = this.request.conditional ? deletions : await this.stillVerified(deletions);
    const { deleted, refused } = await sendDeletions(aws.s3, source, kept, signal);
    this.result.deleted += deleted;
    for (const { key, message } of refused) this.leave(key, message);
  }

  /** Looks at each object just before, since the server would not. */
  private async stillVerified(deletions: readonly Deletion[]): Promise<Deletion[]> {
    const checked = await Promise.all(
      deletions.map(async (deletion) => {
        if ('versionId' in deletion || (await this.etagOf(deletion.key)) === deletion.etag) return [deletion];
        this.leave(deletion.key, CHANGED);
        return [];
      }),
    );
    return checked.flat();
  }

  private etagOf(key: string): Promise<string | undefined> {
    const { aws, signal } = this.context;
    const { source } = this.request.sides;
    return saying(`look at ${key} in ${source}`, source, () => etagOf(aws.s3, source, key, signal));
  }

  leave(key: string, message: string): void {
    this.result.failed_count++;
    if (this.result.failed.length < FAILED_SHOWN) this.result.failed.push({ key, message });
  }
}
