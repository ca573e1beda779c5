import { setTimeout } from 'node:timers/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import type { Check } from '../../../contracts/migrate-buckets/capabilities';
import { failureOf, isDenied } from '../../shared/aws/failure';
import {
  type Configuration,
  type ConfiguredBucket,
  steadyConfiguration,
  writeLifecycle,
  writePolicy,
  writeStatement,
} from '../freeze/bucket-configuration';
import { probeStatement, withoutProbe } from '../freeze/probe-policy';
import { check, type Finding, missing, proven, unchecked } from './finding';
import type { ProbePlace } from './probe-place';

/** Below this, in our place, the statement of the freeze holds. */
const FROZEN = 'frozen/';

export interface FreezeTrial extends Pick<ConfiguredBucket, 'readPause'> {
  /** ARNs that may write to the frozen source. */
  readonly principals: readonly string[];
  /** Another principal that may write to the source while it is not frozen. */
  readonly second: S3Client | undefined;
  /** Seconds that a policy may take until it denies. */
  readonly settle: number;
  readonly signal: AbortSignal;
  /** Whether the caller may put objects into the source. */
  readonly writable: boolean;
}

/**
 * Puts the statement of the freeze into the source's policy, for our own keys alone, sees whom it denies, and takes
 * it away again: nobody else's write is denied for a moment.
 */
export async function tryFreeze(place: ProbePlace, trial: FreezeTrial): Promise<Check[]> {
  const { s3, bucket } = place;
  const { principals, readPause, signal } = trial;
  let denial: Finding = unchecked('The freeze was not accepted, so that nobody could be denied.');
  const freeze = await check('freeze', bucket, async () => {
    const before = await steadyConfiguration({ s3, bucket, readPause, signal });
    // What was begun must be brought to an end, after Ctrl-C, too.
    const configured = { s3, bucket, readPause };
    const lifecycle = await tryLifecycle(configured, before);
    const probing = { place, configured, before: before.policy, principals };
    denial = await whileProbed(probing, () => tryDenial(place, trial));
    return proven(`Its policy took the statement of the freeze, and was put back. ${lifecycle}`);
  });
  return [freeze, { capability: 'freeze-denial', bucket, ...denial }];
}

/** A freeze suspends the rules that are enabled: the permission is asked for by writing them as they are. */
async function tryLifecycle(configured: ConfiguredBucket, { lifecycle }: Configuration): Promise<string> {
  if (lifecycle === null) return 'It has no lifecycle to suspend.';
  if (lifecycle.Rules?.some(({ Status }) => Status === 'Enabled') !== true) {
    return 'No rule of its lifecycle is enabled.';
  }
  await writeLifecycle(configured, lifecycle);
  return 'Its lifecycle may be written.';
}

interface Probing {
  readonly place: ProbePlace;
  readonly configured: ConfiguredBucket;
  /** The policy as it is, perhaps with what a crashed trial left in it. */
  readonly before: string | null;
  readonly principals: readonly string[];
}

async function whileProbed<T>(probing: Probing, work: () => Promise<T>): Promise<T> {
  const { place, configured, principals } = probing;
  const before = withoutProbe(probing.before, null);
  const statement = probeStatement(configured.bucket, principals, place.key(FROZEN));
  await writeStatement(configured, before, statement);
  try {
    return await work();
  } finally {
    await putBack(configured, before);
  }
}

/** Takes our statement away from what is there now: somebody may have changed the policy meanwhile. */
async function putBack(configured: ConfiguredBucket, before: string | null): Promise<void> {
  const { policy: now } = await steadyConfiguration(configured);
  // Somebody took the whole policy away: ours went with it, and theirs must not come back.
  if (now === null && before !== null) return;
  const doing = `take the statement of the trial out of the policy of ${configured.bucket}`;
  await writePolicy(configured, withoutProbe(now, before), { doing });
}

async function tryDenial(place: ProbePlace, trial: FreezeTrial): Promise<Finding> {
  const { second, settle, signal, writable } = trial;
  if (!writable) return unchecked('You may not write to it, so that nothing shows whom the freeze denies.');
  try {
    await place.put(`${FROZEN}by-ourselves`);
  } catch (error) {
    if (!isDenied(failureOf(error))) throw error;
    return missing('It denies yourself, too. Pass the ARN by which IAM knows you with --principal.');
  }
  if (second === undefined) {
    return unchecked('No second principal was named (--second-profile) that the freeze could deny.');
  }
  const unfrozen = await place.putAs(second, 'by-another');
  if (unfrozen !== undefined) {
    return unchecked(
      `The second principal may not write where nothing is frozen (${unfrozen}), so that a denial shows nothing.`,
    );
  }
  for (let waited = 0; ; waited++) {
    if ((await place.putAs(second, `${FROZEN}by-another`)) !== undefined)
      return proven('It denies the second principal.');
    if (waited >= settle) return missing(`${settle} s after the freeze the second principal still writes.`);
    await setTimeout(1000, undefined, { signal });
  }
}
