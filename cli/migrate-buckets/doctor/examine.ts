import type { S3Client } from '@aws-sdk/client-s3';
import type { Check } from '../../../contracts/migrate-buckets/capabilities';
import type { Capability } from '../../../contracts/migrate-buckets/words';
import type { Context } from '../../shared/command';
import { EXIT } from '../../shared/exit-codes';
import { UserError } from '../../shared/user-error';
import { type Versioning, versioningOf } from '../aws/bucket';
import { refusesOtherOwners } from '../aws/owner';
import { type ConfiguredBucket, readPolicy } from '../freeze/bucket-configuration';
import { isFreezePolicy } from '../freeze/freeze-policy';
import {
  tryConditionalCopy,
  tryConditionalDelete,
  tryConditionalPartCopy,
  tryConditionalPut,
} from './conditions';
import { asking, check, Denied, type Finding, missing, proven, unchecked } from './finding';
import { tryFreeze } from './freeze-trial';
import { readListing, readVersionListing, tryListing, tryVersions } from './listings';
import { ProbePlace } from './probe-place';
import { tryTaggedCopy } from './tagged-copy';

export interface Examination extends Pick<ConfiguredBucket, 'readPause'> {
  readonly source: string;
  readonly destination: string;
  /** ARNs that may write to the frozen source. Undefined where it will not be frozen. */
  readonly principals: readonly string[] | undefined;
  /** Another principal, whom the freeze must deny. */
  readonly second: S3Client | undefined;
  /** Seconds that a policy may take until it denies. */
  readonly settle: number;
}

export interface Examined {
  readonly checks: Check[];
  /** What of our own could not be removed again: one sentence a bucket. */
  readonly left: string[];
}

/**
 * Proves, on objects of our own, what a migration from one bucket to the other will rely on. What it puts into the
 * buckets lies under `.migrate-buckets/.probe/` and is removed again; nobody else's object is touched.
 */
export async function examine(context: Context, request: Examination): Promise<Examined> {
  const { s3 } = context.aws;
  const frozen = isFreezePolicy(await readPolicy({ s3, bucket: request.source }));
  const from = await openPlace(context, request.source, frozen);
  const to = await openPlace(context, request.destination);
  const opened = [from, to].filter(({ problem }) => problem === undefined);
  const left: string[] = [];
  let checks: Check[];
  try {
    if (to.problem === undefined) await refuseOneBucket(from.place, to.place);
    checks = [
      ...(await examineDestination(context, to, from)),
      ...(await examineSource(context, from, frozen, request)),
    ];
  } finally {
    for (const { place } of opened) left.push(...(await place.clear()));
  }
  return { checks, left };
}

/**
 * Access points, and gateways, give a bucket further names. By these it would prove its own objects with themselves.
 *
 * @throws {UserError} exit 6 when what was put into one bucket is seen in the other.
 */
async function refuseOneBucket(from: ProbePlace, to: ProbePlace): Promise<void> {
  const key = to.key('first');
  const seen = await asking(`look for ${key} in ${from.bucket}`, from.bucket, () => from.etagOf(key)).catch(
    (error: unknown) => {
      // That permission is told of elsewhere.
      if (error instanceof Denied) return undefined;
      throw error;
    },
  );
  if (seen === undefined) return;
  throw new UserError(
    `${to.bucket} and ${from.bucket} are one bucket under two names: what was written to the first is seen in the second. There is nothing to migrate.`,
    EXIT.refused,
  );
}

/** The part that writes nothing. */
export async function examineByReading({ aws }: Context, buckets: readonly string[]): Promise<Check[]> {
  const checks: Check[] = [];
  for (const bucket of buckets) checks.push(...(await readAlone(aws, bucket)));
  return checks;
}

async function readAlone(aws: Context['aws'], bucket: string): Promise<Check[]> {
  return [
    await check('listing', bucket, () => readListing(aws.s3, bucket)),
    await check('versions', bucket, () => readVersionListing(aws.s3, bucket)),
    await checkOwner(aws, bucket),
  ];
}

const checkOwner = (aws: Context['aws'], bucket: string): Promise<Check> =>
  check('expected-owner', bucket, async () =>
    (await refusesOtherOwners(aws, bucket))
      ? proven('A request that expects another owner is refused.')
      : missing('A request that expects another owner is taken, so that nothing shows whose the bucket is.'),
  );

/** A place in a bucket, or why nothing can be put there. */
interface Opened {
  readonly place: ProbePlace;
  readonly versioning: Versioning;
  readonly problem: Finding | undefined;
}

async function openPlace({ aws, signal }: Context, bucket: string, frozen = false): Promise<Opened> {
  const versioning = await versioningOf(aws, bucket);
  const place = new ProbePlace(aws.s3, bucket, versioning, signal);
  if (frozen) {
    return { place, versioning, problem: unchecked(`${bucket} is frozen, so nothing was written to it.`) };
  }
  try {
    await asking(`write to ${place.key('')} in ${bucket}`, bucket, () => place.put('first'));
    return { place, versioning, problem: undefined };
  } catch (error) {
    if (!(error instanceof Denied)) throw error;
    return { place, versioning, problem: { result: 'denied', evidence: error.message } };
  }
}

async function examineBoth({ aws }: Context, { place, versioning, problem }: Opened): Promise<Check[]> {
  const { bucket } = place;
  if (problem !== undefined) return readAlone(aws, bucket);
  return [
    await check('listing', bucket, () => tryListing(place)),
    await check('versions', bucket, () => tryVersions(place, versioning === 'Enabled')),
    await checkOwner(aws, bucket),
  ];
}

/** Where copies are written: it must take each only under its conditions, and whole. */
async function examineDestination(context: Context, to: Opened, from: Opened): Promise<Check[]> {
  const { place, problem } = to;
  const trials: readonly (readonly [Capability, () => Promise<Finding>])[] = [
    ['conditional-put', () => tryConditionalPut(place)],
    ['conditional-copy', () => tryConditionalCopy(place)],
    ['conditional-part-copy', () => tryConditionalPartCopy(place)],
    ['tags', () => tryTaggedCopy(from.problem === undefined ? from.place : place, place)],
  ];
  const checks = await examineBoth(context, to);
  for (const [capability, look] of trials) {
    checks.push(await check(capability, place.bucket, async () => problem ?? look()));
  }
  return checks;
}

/** What is retired in the end: nothing may be deleted but what was proven, and nobody may write to it meanwhile. */
async function examineSource(
  context: Context,
  from: Opened,
  frozen: boolean,
  request: Examination,
): Promise<Check[]> {
  const { place, problem } = from;
  const { bucket } = place;
  // Nothing is copied into the source: that it cannot be written to is not a fault.
  const open = problem && unchecked(problem.evidence);
  const { principals, second, settle, readPause } = request;
  const checks = await examineBoth(context, from);
  checks.push(await check('conditional-delete', bucket, async () => open ?? tryConditionalDelete(place)));
  if (principals === undefined) return checks;
  if (frozen)
    return [...checks, { capability: 'freeze', bucket, ...unchecked(`${bucket} is frozen already.`) }];
  const { signal } = context;
  const trial = { principals, second, settle, readPause, signal, writable: problem === undefined };
  return [...checks, ...(await tryFreeze(place, trial))];
}
