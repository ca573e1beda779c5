import { COLLECTIONS, type Collection } from '../../contracts/collections';
import { type CompactionRun, hasDeltas, isUnembedded } from '../../contracts/compaction-run';
import type { EmbeddingSpace } from '../../contracts/embedding';
import type { ReceiptReference } from '../../contracts/record-id';
import { sha256 } from '../shared/sha256';

/** Everything that tells a run of a receipt from others, beside the run that it follows. */
export interface RunIdentity extends EmbeddingSpace, ReceiptReference {
  readonly textFormatVersion: number;
  /** Hexadecimal SHA-256 of each collection's NDJSON. */
  readonly sha256: Readonly<Record<Collection, string>>;
  /**
   * What made the content arrive: the version of the OCR object that decided, and the removal of another. The same content
   * that is dropped again is asked for again, since others may have written over its records meanwhile. Empty where a
   * message of an earlier release does not say it.
   */
  readonly cause: readonly string[];
}

/**
 * The id of the run that embeds this content after `predecessor`. The receipt is part of it, since content alone is
 * not one receipt's: all receipts without lines have the same. Content hashes and not ETags, since the ETag of an
 * object encrypted with a KMS key changes with every write of the same bytes.
 */
function runId(identity: RunIdentity, predecessor: CompactionRun | undefined): string {
  const { imageId, receiptId, model, dimensions, textFormatVersion, cause } = identity;
  const files = COLLECTIONS.map((each) => identity.sha256[each]);
  const space = [model, dimensions, textFormatVersion];
  const all = [imageId, receiptId, ...files, ...space, predecessor?.run_id, ...cause];
  return sha256(JSON.stringify(all)).slice(0, 32);
}

/** Everything that decides what an annotation's run says, beside the run that it follows. */
export interface AnnotationIdentity extends ReceiptReference {
  /** Of the object. The same text that is put there again is to be put on the records again. */
  readonly version: string;
  /** Hexadecimal SHA-256 of the annotation. */
  readonly sha256: string;
}

/**
 * What to do with content that arrived: nothing, since the receipt's newest run is it; embed that run; or a new one. An
 * annotation is never mistaken for a receipt, and a receipt of before an annotation is found behind it.
 */
export type NextRun =
  | { readonly step: 'none'; readonly run: CompactionRun }
  | { readonly step: 'embed'; readonly run: CompactionRun }
  | { readonly step: 'create'; readonly id: string };

/**
 * Decides whether a receipt's content needs a run. A redelivered message finds itself in the newest run
 * and embeds nothing twice, or embeds that run when no delivery has done so yet. The predecessor is part of the id, so
 * that content that comes back after another (a correction that is undone) is a run of its own and not mistaken for the
 * old one; and a run that failed, or was given up before it was embedded, is followed by a new one when its receipt is
 * dropped again.
 *
 * @param runs - the receipt's runs in order of creation.
 */
export const nextRun = (identity: RunIdentity, runs: readonly CompactionRun[]): NextRun =>
  next((predecessor) => runId(identity, predecessor), runs.filter(isReceiptRun));

/**
 * The same for an annotation, which has to be put on anew after every run of the receipt: those that are embedded are
 * part of the id, all of them, since one that was made of an earlier moment may be embedded later than others.
 */
export function nextAnnotationRun(
  { imageId, receiptId, version, sha256: text }: AnnotationIdentity,
  runs: readonly CompactionRun[],
): NextRun {
  const receipts = runs.filter((run) => isReceiptRun(run) && hasDeltas(run)).map(({ run_id }) => run_id);
  return next((predecessor) => {
    const all = ['annotation', imageId, receiptId, version, text, receipts, predecessor?.run_id];
    return sha256(JSON.stringify(all)).slice(0, 32);
  }, runs);
}

function next(
  idAfter: (predecessor: CompactionRun | undefined) => string,
  runs: readonly CompactionRun[],
): NextRun {
  const newest = runs.at(-1);
  if (newest !== undefined && newest.run_id === idAfter(runs.at(-2)) && !isLost(newest)) {
    return { step: hasDeltas(newest) ? 'none' : 'embed', run: newest };
  }
  return { step: 'create', id: idAfter(newest) };
}

/** Whether a run is one of this content, whichever of the receipt's runs it follows. */
export const isRunOf = (identity: RunIdentity, run: CompactionRun, runs: readonly CompactionRun[]): boolean =>
  [undefined, ...runs].some((predecessor) => runId(identity, predecessor) === run.run_id);

const isReceiptRun = ({ kind }: CompactionRun): boolean => kind === undefined;

const isLost = (run: CompactionRun): boolean =>
  COLLECTIONS.some((each) => run[each].state === 'FAILED') || (!hasDeltas(run) && !isUnembedded(run));
