import { FUNCTIONS } from '../../contracts/functions';
import { PRICES } from './prices';

/** What was counted of one thing that the handler does. Bytes, requests, DynamoDB's units, seconds. */
export interface Counts {
  readonly efsWritten: number;
  readonly efsRead: number;
  readonly s3Written: number;
  readonly s3Read: number;
  readonly s3Writes: number;
  readonly s3Reads: number;
  readonly writeUnits: number;
  readonly readUnits: number;
  readonly seconds: number;
}

/** What one size of a collection gave. */
export interface Measured {
  readonly records: number;
  /** A publish of one receipt in a warm sandbox, when the log is short. */
  readonly publish: Counts;
  /** What each further receipt of a publish adds. */
  readonly receipt: Counts;
  /** By how much a delta in the log raises what a publish costs, since the pointer's item holds it. */
  readonly logged: Counts;
  /** A checkpoint to the file system and to S3, without the tags of its deltas. */
  readonly checkpoint: Counts;
  /** Opening the version in a new sandbox, from the file system and from S3. */
  readonly coldFromEfs: Counts;
  readonly coldFromS3: Counts;
}

export interface Rate {
  readonly records: number;
  readonly receiptsAMinute: number;
}

/** What the configuration says, and what the clock is taken to do. */
export const ASSUMPTIONS = {
  recordsAReceipt: 20,
  checkpointRecords: 5000,
  checkpointShare: 0.1,
  checkpointDeltas: 1000,
  checkpointMinutes: 60,
  /**
   * The clock. A warm merge of 50 records onto 20,000 took 0.85 s on two cores (`npm run bench:publish`); where each
   * wrote 160 MB to the file system, 39 took 68 s, which leaves 5.6 s for a gigabyte. Seconds of the machine at hand
   * are not used: they would make "before" cheap where it is slow, since a slow merge takes more receipts together.
   */
  mergeSeconds: 0.85,
  secondsAGigabyte: 5.6,
  /** Chroma's start, and the replay of a record. */
  coldSeconds: 0.5,
  replaySeconds: 0.0023,
  /** Lambda keeps a sandbox that is in use for some hours. */
  coldStartsAnHour: 0.5,
  /** What the function is given. */
  memoryGigabytes: FUNCTIONS['enhanced-compaction'].memory / 1024,
  /** Of a doorbell: sent by one request, and received and deleted by one each together with its batch. */
  queueRequestsAPublish: 2,
  /** A run's two changes of state in its sparse index, which the embedded DynamoDB does not count. */
  indexUnitsAReceipt: 2,
  /** The tag by which a delta may expire. */
  tagsAReceipt: 1,
  /** A list of files and seven lengths: EFS bills 32 KiB for the smallest read, 4 KiB for metadata. */
  lookBytes: 60 * 1024,
  /** When the old snapshot to S3 was due: after 50,000 records, or an hour. */
  oldSnapshotRecords: 50_000,
} as const;

export type Variant = 'before' | 'efs' | 'none';

/** For 1,000 receipts. */
export interface Bill extends Counts {
  readonly publishes: number;
  readonly checkpoints: number;
  readonly queueRequests: number;
  readonly dollars: number;
}

const RECEIPTS = 1000;
const GIGABYTE = 1e9;

const moving = (bytes: number): number => (bytes / GIGABYTE) * ASSUMPTIONS.secondsAGigabyte;

/** Receipts that one publish takes: those that came while the one before was at work, and one at least. */
export const together = (receiptsAMinute: number, seconds: number): number =>
  Math.max(1, (receiptsAMinute / 60) * seconds);

/** Receipts between two checkpoints, by whichever of the reasons comes first. */
export function receiptsACheckpoint({ records, receiptsAMinute }: Rate): number {
  const { recordsAReceipt, checkpointRecords, checkpointShare, checkpointDeltas, checkpointMinutes } =
    ASSUMPTIONS;
  return Math.min(
    Math.max(checkpointRecords, checkpointShare * records) / recordsAReceipt,
    checkpointDeltas,
    Math.max(1, checkpointMinutes * receiptsAMinute),
  );
}

/** What 1,000 receipts cost that come evenly at this rate. */
export function bill(variant: Variant, rate: Rate, measured: Measured): Bill {
  const { receiptsAMinute } = rate;
  const { recordsAReceipt, checkpointMinutes, oldSnapshotRecords, coldStartsAnHour } = ASSUMPTIONS;
  const { mergeSeconds, coldSeconds, replaySeconds } = ASSUMPTIONS;
  const isBefore = variant === 'before';
  const period = isBefore
    ? Math.min(oldSnapshotRecords / recordsAReceipt, Math.max(1, checkpointMinutes * receiptsAMinute))
    : receiptsACheckpoint(rate);
  const checkpoints = RECEIPTS / period;
  // The log is half as long on the average as when it is cut.
  const publish = isBefore
    ? { ...measured.publish, efsWritten: measured.checkpoint.efsWritten }
    : plus(measured.publish, times(measured.logged, period / 2));
  const publishSeconds = mergeSeconds + moving(publish.efsWritten);
  const publishes = RECEIPTS / together(receiptsAMinute, publishSeconds);
  const coldStarts = (RECEIPTS / receiptsAMinute / 60) * coldStartsAnHour;
  const cold = variant === 'none' ? measured.coldFromS3 : measured.coldFromEfs;
  const replayed = isBefore ? 0 : period / 2;
  const look = variant === 'efs' ? { ...NOTHING, efsRead: ASSUMPTIONS.lookBytes } : NOTHING;
  const checkpoint = { ...measured.checkpoint, ...(variant !== 'efs' && { efsWritten: 0 }) };
  const seconds =
    publishes * publishSeconds +
    checkpoints * moving(checkpoint.efsWritten + checkpoint.s3Written) +
    coldStarts *
      (coldSeconds + moving(cold.efsRead + cold.s3Read) + replayed * recordsAReceipt * replaySeconds);
  const sum = [
    times(plus(publish, look), publishes),
    times(measured.receipt, RECEIPTS - publishes),
    times(checkpoint, checkpoints),
    times({ ...cold, s3Reads: cold.s3Reads + replayed }, coldStarts),
    {
      ...NOTHING,
      s3Writes: RECEIPTS * ASSUMPTIONS.tagsAReceipt,
      writeUnits: RECEIPTS * ASSUMPTIONS.indexUnitsAReceipt,
    },
  ].reduce(plus, NOTHING);
  const counts = { ...sum, seconds };
  const queueRequests = RECEIPTS + publishes * ASSUMPTIONS.queueRequestsAPublish;
  return {
    ...counts,
    publishes,
    checkpoints,
    queueRequests,
    dollars: dollarsOf(counts, publishes, queueRequests),
  };
}

const dollarsOf = (counts: Counts, publishes: number, queueRequests: number): number =>
  (counts.efsWritten / GIGABYTE) * PRICES.efsGigabyteWritten +
  (counts.efsRead / GIGABYTE) * PRICES.efsGigabyteRead +
  counts.s3Writes * PRICES.s3Write +
  counts.s3Reads * PRICES.s3Read +
  counts.writeUnits * PRICES.writeUnit +
  counts.readUnits * PRICES.readUnit +
  queueRequests * PRICES.fifoRequest +
  publishes * PRICES.lambdaRequest +
  counts.seconds * ASSUMPTIONS.memoryGigabytes * PRICES.lambdaGigabyteSecond;

/** What a collection of another size would give: a straight line through two that were measured, never below the larger. */
export function extrapolate(small: Measured, large: Measured, records: number): Measured {
  const line = (key: 'checkpoint' | 'coldFromEfs' | 'coldFromS3') =>
    combine(small[key], large[key], (a, b) => {
      const slope = Math.max(0, (b - a) / (large.records - small.records));
      return b + slope * (records - large.records);
    });
  return {
    ...large,
    records,
    checkpoint: line('checkpoint'),
    coldFromEfs: line('coldFromEfs'),
    coldFromS3: line('coldFromS3'),
  };
}

export const NOTHING: Counts = {
  efsWritten: 0,
  efsRead: 0,
  s3Written: 0,
  s3Read: 0,
  s3Writes: 0,
  s3Reads: 0,
  writeUnits: 0,
  readUnits: 0,
  seconds: 0,
};

const combine = (a: Counts, b: Counts, of: (a: number, b: number) => number): Counts => ({
  efsWritten: of(a.efsWritten, b.efsWritten),
  efsRead: of(a.efsRead, b.efsRead),
  s3Written: of(a.s3Written, b.s3Written),
  s3Read: of(a.s3Read, b.s3Read),
  s3Writes: of(a.s3Writes, b.s3Writes),
  s3Reads: of(a.s3Reads, b.s3Reads),
  writeUnits: of(a.writeUnits, b.writeUnits),
  readUnits: of(a.readUnits, b.readUnits),
  seconds: of(a.seconds, b.seconds),
});

export const plus = (a: Counts, b: Counts): Counts => combine(a, b, (left, right) => left + right);
export const minus = (a: Counts, b: Counts): Counts => combine(a, b, (left, right) => left - right);
export const times = (counts: Counts, factor: number): Counts =>
  combine(counts, counts, (each) => each * factor);
