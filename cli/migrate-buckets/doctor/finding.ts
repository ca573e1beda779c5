import type { Check } from '../../../contracts/migrate-buckets/capabilities';
import type { Capability } from '../../../contracts/migrate-buckets/words';
import { explain } from '../../shared/aws/explain';
import {
  type Failure,
  failureOf,
  isDenied,
  isPreconditionFailed,
  isThrottled,
} from '../../shared/aws/failure';
import { UserError } from '../../shared/user-error';
import type { ProbePlace } from './probe-place';

export type Finding = Pick<Check, 'result' | 'evidence'>;

const finding =
  (result: Check['result']) =>
  (evidence: string): Finding => ({ result, evidence });
export const proven = finding('proven');
export const missing = finding('missing');
export const unchecked = finding('unchecked');

/** A request that must be refused with 412, and what it is, e.g. `a copy over an object that is there`. */
export interface Trial {
  readonly what: string;
  readonly send: () => Promise<unknown>;
}

/**
 * Sends requests that S3 refuses with 412, and sees whether they are.
 *
 * @throws what was answered, when the caller may not send them or nobody answered.
 */
export async function refusals(place: Pick<ProbePlace, 'send'>, trials: readonly Trial[]): Promise<Finding> {
  for (const { what, send } of trials) {
    const failure = await failureOfRequest(() => place.send(send));
    if (failure === undefined) return missing(`It took ${what}; S3 answers 412.`);
    if (!isPreconditionFailed(failure)) {
      return missing(`It answered ${failure.status} ${failure.code} to ${what}; S3 answers 412.`);
    }
  }
  return proven(`Refused with 412: ${trials.map(({ what }) => what).join('; ')}.`);
}

async function failureOfRequest(send: () => Promise<unknown>): Promise<Failure | undefined> {
  try {
    await send();
    return undefined;
  } catch (error) {
    const failure = failureOf(error);
    if (isDenied(failure) || isThrottled(failure) || failure.status === 0) throw error;
    return failure;
  }
}

/** A permission that is lacking. */
export class Denied extends UserError {}

/**
 * Runs requests, and says what was being done if they fail.
 *
 * @throws {Denied} when the caller may not do it.
 */
export async function asking<T>(doing: string, bucket: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const told = explain(error, doing, bucket);
    if (told instanceof UserError && isDenied(failureOf(told.cause))) throw new Denied(told.message);
    throw told;
  }
}

/** What a caller who is denied was about to do. */
const DOING: Record<Capability, string> = {
  listing: 'list the bucket',
  versions: 'list the versions in',
  'expected-owner': 'open the bucket',
  'conditional-put': 'write to',
  'conditional-copy': 'copy within',
  'conditional-part-copy': 'copy in parts within',
  'conditional-delete': 'delete from',
  tags: 'copy with tags to',
  freeze: 'freeze',
  'freeze-denial': 'freeze',
};

/** Looks for a capability. A permission that is lacking is a finding; whatever else fails is an error. */
export async function check(
  capability: Capability,
  bucket: string,
  look: () => Promise<Finding>,
): Promise<Check> {
  try {
    const found = await asking(`${DOING[capability]} ${bucket}`, bucket, look);
    return { capability, bucket, ...found };
  } catch (error) {
    if (!(error instanceof Denied)) throw error;
    return { capability, bucket, result: 'denied', evidence: error.message };
  }
}
