import type { Action } from '../../../contracts/migrate-buckets/plan';

interface Tally {
  objects: number;
  bytes: number;
}
export type ActionTally = Record<Action, Tally>;

export const emptyTally = (): ActionTally => ({
  copy: { objects: 0, bytes: 0 },
  replace: { objects: 0, bytes: 0 },
  conflict: { objects: 0, bytes: 0 },
  keep: { objects: 0, bytes: 0 },
  skip: { objects: 0, bytes: 0 },
});

/** US dollars a request: S3 Standard in us-east-1, aws.amazon.com/s3/pricing. Copies within a region move free. */
const COPY_PRICE = 0.005 / 1000;
const LIST_PRICE = 0.005 / 1000;
const READ_PRICE = 0.0004 / 1000;

/**
 * US dollars a GB (of 1024³ bytes) from a region to another: from us-east-1 as from most of the USA and Europe,
 * aws.amazon.com/s3/pricing. Between other regions it may cost several times as much.
 */
const TRANSFER_PRICE = 0.02;
const TRANSFER_TOLD = `$${TRANSFER_PRICE} a GB, as from us-east-1; some regions are dearer: aws.amazon.com/s3/pricing`;
const GB = 1024 ** 3;

/** Copies a second that the SDK's client was seen to reach with one core; S3 itself allows 3,500 a prefix. */
const COPIES_A_SECOND = 200;
/** Bytes a second of a server-side copy of large objects in parts, assumed low. */
const BYTES_A_SECOND = 200 * 1024 ** 2;

const PAGE = 1000;
/** Stale check, pre-copy, catch-up twice, verification: how often both sides are listed from plan to verified. */
const PASSES = 6;

/** What a migration will ask of S3. */
interface Work {
  readonly actions: ActionTally;
  readonly destinationObjects: number;
  /** Copies of parts of large objects. */
  readonly partCopies: number;
  /** That go from one region to another; undefined where all buckets are in one region. */
  readonly crossingBytes: number | undefined;
}

/** What that costs and takes, roughly. */
export function estimate({ actions, destinationObjects, partCopies, crossingBytes }: Work) {
  const sourceObjects = Object.values(actions).reduce((sum, { objects }) => sum + objects, 0);
  const { objects, bytes } = {
    objects: actions.copy.objects + actions.replace.objects,
    bytes: actions.copy.bytes + actions.replace.bytes,
  };
  const list = PASSES * (Math.ceil(sourceObjects / PAGE) + Math.ceil((destinationObjects + objects) / PAGE));
  const copy = objects + partCopies;
  const read = 3 * partCopies + 20;
  const seconds = list * 0.1 + Math.max(copy / COPIES_A_SECOND, bytes / BYTES_A_SECOND);
  const moving = ((crossingBytes ?? 0) / GB) * TRANSFER_PRICE;
  const asking = list * LIST_PRICE + copy * COPY_PRICE + read * READ_PRICE;
  return {
    requests: { list, copy, read },
    ...(crossingBytes === undefined
      ? {}
      : { transfer: { bytes: crossingBytes, cost: Number(moving.toFixed(4)), price: TRANSFER_TOLD } }),
    estimated_cost: Number((asking + moving).toFixed(4)),
    estimated_time: Math.ceil(seconds),
  };
}
