import type { Fault } from 'local-aws';
import type { SeededRandom } from '../../../support/seeded-random';
import type { Buckets } from './contents';

export type CommandName = 'plan' | 'apply' | 'verify' | 'retire';

/** Which command runs, on what. */
export interface Moment {
  readonly command: CommandName;
  readonly buckets: Buckets;
  readonly keys: readonly string[];
}

const KINDS = [
  'failed',
  'failed inside',
  'reset',
  'late',
  'endless',
  'broken page',
  'changed',
  'denied',
  'expired',
] as const;
export type FaultKind = (typeof KINDS)[number];

const LISTINGS = ['ListObjectsV2', 'ListObjectVersions'];
const DELETIONS = ['DeleteObjects', 'DeleteObject'];
const ANSWERED_INSIDE = ['CopyObject', 'UploadPartCopy', 'CompleteMultipartUpload'];
const READ = [
  ...LISTINGS,
  'HeadBucket',
  'GetBucketVersioning',
  'GetObject',
  'HeadObject',
  'GetObjectTagging',
];
const CONFIGURED = [
  'GetBucketPolicy',
  'PutBucketPolicy',
  'DeleteBucketPolicy',
  'GetBucketLifecycleConfiguration',
];
const OPERATIONS: Record<CommandName, readonly string[]> = {
  plan: [...READ, 'GetBucketPolicy'],
  apply: [
    ...READ,
    ...CONFIGURED,
    ...['CopyObject', 'CopyObject', 'CopyObject', 'PutObject', 'DeleteObject', 'CreateMultipartUpload'],
    ...['UploadPartCopy', 'CompleteMultipartUpload', 'PutBucketLifecycleConfiguration'],
  ],
  verify: READ,
  retire: [
    ...LISTINGS,
    ...DELETIONS,
    ...DELETIONS,
    ...['HeadBucket', 'GetBucketVersioning', 'GetObject', 'PutObject', 'ListMultipartUploads'],
    ...['GetBucketPolicy', 'GetObjectLockConfiguration', 'PutBucketTagging', 'DeleteBucket'],
  ],
};

/** Milliseconds: longer than the requests of a run are waited for. */
const LATE = 700;

/** Something that goes wrong while a command runs, beside what goes wrong already. */
export function faultOf(
  random: SeededRandom,
  moment: Moment,
  beside: readonly FaultKind[],
): { readonly kind: FaultKind; readonly fault: Fault } {
  const { command, buckets } = moment;
  const operation = random.pick(OPERATIONS[command]);
  const nth = 1 + random.below(random.pick([3, 12, 30]));
  const few = { nth, times: 1 + random.below(3) };
  const some = { nth, times: random.pick([1, 2, 5, 25]) };
  const kind = random.pick(KINDS);
  switch (kind) {
    case 'failed': {
      const fail = random.pick([
        'SlowDown',
        'InternalError',
        'ServiceUnavailable',
        'RequestTimeout',
      ] as const);
      return { kind, fault: { operation, fail, ...some } };
    }
    case 'failed inside': {
      const failInside = random.pick(['InternalError', 'SlowDown'] as const);
      const at = command === 'retire' ? 'DeleteObjects' : random.pick(ANSWERED_INSIDE);
      return { kind, fault: { operation: at, failInside, ...some } };
    }
    case 'reset':
      return {
        kind,
        fault: { operation, reset: random.pick(['before', 'after', 'middle'] as const), ...few },
      };
    case 'late': {
      // A deletion that is carried out late is proven by what was, and nobody can take it back.
      const late =
        DELETIONS.includes(operation) && beside.includes('changed') ? 'ListObjectVersions' : operation;
      return { kind, fault: { operation: late, delay: LATE, ...few } };
    }
    case 'endless':
      return { kind, fault: { operation, trickle: true, nth } };
    case 'broken page': {
      const page = random.pick(['repeated', 'reversed', 'cut', 'unsaid'] as const);
      return { kind, fault: { operation: random.pick(LISTINGS), page, nth, times: random.pick([1, 2, 0]) } };
    }
    case 'changed':
      return { kind, fault: changed(random, moment, operation, nth, beside) };
    case 'denied': {
      const bucket = random.pick([buckets.source, buckets.destination]);
      return { kind, fault: { operation, bucket, fail: 'AccessDenied', times: 0 } };
    }
    case 'expired':
      return { kind, fault: { fail: 'ExpiredToken', nth: 1 + random.below(150), times: 0 } };
  }
}

/** Somebody changes a bucket. Whatever goes from the destination in the very request of a deletion, nobody can see. */
function changed(
  random: SeededRandom,
  { command, buckets: { source, destination }, keys }: Moment,
  picked: string,
  nth: number,
  beside: readonly FaultKind[],
): Fault {
  const key = random.pick(keys);
  // At the prompt of a retirement: the lock is the first that is written after it.
  const prompted = command === 'retire' && random.chance(0.3);
  const operation = prompted ? 'PutObject' : picked;
  const isDeletion = DELETIONS.includes(operation);
  const bucket = random.pick([source, destination]);
  const body = `changed in ${bucket} ${random.below(1000)}`;
  const mutate = random.chance(0.6) ? { put: { bucket, key, body } } : { delete: { bucket, key } };
  const at = { operation, nth: prompted ? 1 : nth, mutate };
  if (!isDeletion || bucket === source) return at;
  if (beside.includes('late')) return { ...at, operation: 'ListObjectVersions' };
  // What is not done may be repeated, and then the destination is another.
  return random.chance(0.5) ? { ...at, fail: 'SlowDown' } : { ...at, reset: 'before' };
}
