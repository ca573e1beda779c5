import { setTimeout } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import {
  DeleteBucketPolicyCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { saying } from '../../shared/aws/explain';
import { failureOf, isDenied, unless } from '../../shared/aws/failure';
import { Pace } from '../../shared/aws/pace';
import { UserError } from '../../shared/user-error';
import { freezePolicy, type Statement, withoutReplication } from './freeze-policy';
import type { Lifecycle } from './suspended-rules';

/**
 * Reads in a row that must agree. S3 keeps a bucket's configuration in many places, and tells from any of them:
 * Terraform's AWS provider waits for ten equal reads of a lifecycle, since three were too few in some regions
 * (`waitLifecycleConfigEquals` in internal/service/s3/bucket_lifecycle_configuration.go).
 */
export const AGREEING_READS = 10;
/** Reads after which a configuration that does not come to rest is given up on. */
const READS_AT_MOST = 10 * AGREEING_READS;

/** What a freeze changes of a bucket, as one read shows it. */
export interface Configuration {
  readonly policy: string | null;
  readonly lifecycle: Lifecycle | null;
}

export interface ConfiguredBucket {
  readonly s3: S3Client;
  readonly bucket: string;
  /** Seconds between two reads. The provider waits for five. At 0 one read is believed: it is consistent at once. */
  readonly readPause: number;
  /** Waiting ends with it. @default - nothing stops it: what was begun must be brought to an end */
  readonly signal?: AbortSignal;
}

const NEVER = new AbortController().signal;
/** A change that follows another is answered by 409 OperationAborted for some seconds. */
const patient = () => new Pace({ tries: 8, backoff: 250 });

type OneRead = Omit<ConfiguredBucket, 'readPause'>;

/** One read of the policy, byte for byte; null when there is none. */
export const readPolicy = ({ s3, bucket, signal = NEVER }: OneRead): Promise<string | null> =>
  saying(`read the policy of ${bucket}`, bucket, () =>
    patient()
      .send(() => s3.send(new GetBucketPolicyCommand({ Bucket: bucket })), signal)
      .then(({ Policy }) => Policy ?? null)
      .catch(unless('NoSuchBucketPolicy', null)),
  );

/** One read of the lifecycle; null when there is none. */
export const readLifecycle = ({ s3, bucket, signal = NEVER }: OneRead): Promise<Lifecycle | null> =>
  saying(`read the lifecycle of ${bucket}`, bucket, () =>
    patient()
      .send(() => s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket: bucket })), signal)
      .then(({ $metadata: _, ...rest }): Lifecycle => JSON.parse(JSON.stringify(rest)))
      .catch(unless('NoSuchLifecycleConfiguration', null)),
  );

/** One read of the policy and the lifecycle. */
export async function readConfiguration(configured: OneRead): Promise<Configuration> {
  const policy = await readPolicy(configured);
  return { policy, lifecycle: await readLifecycle(configured) };
}

/**
 * Reads until so many reads in a row agree, and are what is waited for.
 *
 * @throws {UserError} when they do not come to that.
 */
export async function steadyConfiguration(
  configured: ConfiguredBucket,
  isWanted: (configuration: Configuration) => boolean = () => true,
): Promise<Configuration> {
  const { bucket, readPause, signal = NEVER } = configured;
  const wanted = readPause === 0 ? 1 : AGREEING_READS;
  let last = await readConfiguration(configured);
  let agreeing = isWanted(last) ? 1 : 0;
  for (let reads = 1; agreeing < wanted; reads++) {
    if (reads >= READS_AT_MOST) {
      throw new UserError(
        `The policy and lifecycle of ${bucket} did not become what was written: of ${reads} reads the last ${wanted} did not agree on it. Somebody else may be changing them. Look at them, then run the same command again.`,
      );
    }
    await setTimeout(readPause * 1000, undefined, { signal });
    const next = await readConfiguration(configured);
    agreeing = isWanted(next) ? (isDeepStrictEqual(next, last) ? agreeing + 1 : 1) : 0;
    last = next;
  }
  return last;
}

interface Write {
  /** For the sentence about a failure. */
  readonly doing: string;
  /** Whether reads say that it is so already. Then who may not write it need not. @default false */
  readonly isSo?: boolean;
  /** What is written where the server takes the policy for malformed. */
  readonly instead?: string;
}

/** Writes the policy, or deletes it. Always: a read that says that it is so already may be an old one. */
export async function writePolicy(
  { s3, bucket }: ConfiguredBucket,
  policy: string | null,
  { doing, isSo = false, instead }: Write,
): Promise<void> {
  const send = (Policy: string | null) =>
    patient().send<unknown>(
      () =>
        Policy === null
          ? s3.send(new DeleteBucketPolicyCommand({ Bucket: bucket }))
          : s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy })),
      NEVER,
    );
  await saying(doing, bucket, () =>
    send(policy)
      .catch((error: unknown) => {
        if (instead === undefined || failureOf(error).code !== 'MalformedPolicy') throw error;
        // The first refusal says what is wrong with the policy, if it is not this.
        return send(instead).catch(() => Promise.reject(error));
      })
      .catch(unlessDenied(isSo)),
  );
}

/** Writes a policy with a statement of ours; without the actions of replication where the server refuses them. */
export const writeStatement = (
  configured: ConfiguredBucket,
  policy: string | null,
  statement: Statement,
): Promise<void> =>
  writePolicy(configured, freezePolicy(policy, configured.bucket, statement), {
    doing: `freeze ${configured.bucket} by its policy`,
    instead: freezePolicy(policy, configured.bucket, withoutReplication(statement)),
  });

/** Writes the lifecycle. Always, as {@link writePolicy}. */
export async function writeLifecycle(
  { s3, bucket }: ConfiguredBucket,
  { Rules, TransitionDefaultMinimumObjectSize }: Lifecycle,
  isSo = false,
): Promise<void> {
  const request = new PutBucketLifecycleConfigurationCommand({
    Bucket: bucket,
    LifecycleConfiguration: { Rules: reviveDates(Rules) },
    ...(TransitionDefaultMinimumObjectSize === undefined ? {} : { TransitionDefaultMinimumObjectSize }),
  });
  await saying(`write the lifecycle of ${bucket}`, bucket, () =>
    patient()
      .send<unknown>(() => s3.send(request), NEVER)
      .catch(unlessDenied(isSo)),
  );
}

const unlessDenied = (tolerated: boolean) => (error: unknown) => {
  if (!tolerated || !isDenied(failureOf(error))) throw error;
};

/** The SDK wants `Date` as a Date; what was read is kept as text. */
const reviveDates = (rules: Lifecycle['Rules']): Lifecycle['Rules'] =>
  rules &&
  JSON.parse(JSON.stringify(rules), (key, each: unknown) =>
    key === 'Date' && typeof each === 'string' ? new Date(each) : each,
  );
