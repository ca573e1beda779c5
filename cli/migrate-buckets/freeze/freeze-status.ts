import type { FreezeMark, FreezeRecord } from '../../../contracts/migrate-buckets/freeze';
import type { LockHolder } from '../../../contracts/migrate-buckets/lock';
import type { Aws } from '../../shared/aws/clients';
import { UserError } from '../../shared/user-error';
import { openBucket } from '../aws/bucket';
import { isGone } from '../locks/holder';
import { readLock } from '../locks/object-lock';
import { type Configuration, type ConfiguredBucket, steadyConfiguration } from './bucket-configuration';
import { frozenBy } from './freeze';
import { freezesIn } from './freeze-policy';
import { readFreezeRecord } from './freeze-record';
import { isProbed } from './probe-policy';
import { suspendedIn } from './suspended-rules';

/** What a source and its destination tell of a freeze, without any plan. */
export interface FreezeStatus {
  readonly now: Configuration;
  /** Undefined when no statement freezes it, null when an older release does. */
  readonly mark: FreezeMark | null | undefined;
  readonly principals: readonly string[];
  /** Whether a doctor that broke off, or one that runs, has its statement in the policy. */
  readonly probed: boolean;
  /** The ids, as they were, of the lifecycle rules that the freeze suspended. */
  readonly suspended: readonly string[];
  /** Where it is migrated to, as far as anything tells. */
  readonly destination: string | undefined;
  /** What was saved at the destination, when it is of this very freeze. */
  readonly record: FreezeRecord | undefined;
  readonly lock: LockHolder | undefined;
  /** Who held it and is gone, so that it keeps nobody away. */
  readonly left: LockHolder | undefined;
  /** What could not be looked at. */
  readonly unchecked: readonly string[];
}

const NOBODY = { lock: undefined, left: undefined };

/** Reads it. Changes nothing. `destination` is what the operator says; the freeze itself may tell. */
export async function readFreezeStatus(
  aws: Aws,
  source: string,
  {
    destination: named,
    readPause,
  }: Pick<ConfiguredBucket, 'readPause'> & { readonly destination: string | undefined },
): Promise<FreezeStatus> {
  const { s3 } = aws;
  await openBucket(aws, source);
  const now = await steadyConfiguration({ s3, bucket: source, readPause });
  const mark = frozenBy(now);
  const destination = named ?? mark?.destination;
  const status = {
    now,
    mark,
    destination,
    principals: principalsIn(now),
    probed: isProbed(now.policy),
    suspended: suspendedIn(now.lifecycle),
  };
  if (destination === undefined) return { ...status, record: undefined, ...NOBODY, unchecked: [] };
  const place = { s3, source, destination };
  try {
    const record = await readFreezeRecord(place);
    const seen = await readLock(place);
    const holder = seen?.lock?.released === false ? seen.lock.holder : undefined;
    const gone = holder !== undefined && (await isGone(holder, seen?.age ?? 0));
    return {
      ...status,
      record: record !== undefined && isOf(record, mark) ? record : undefined,
      ...(gone ? { lock: undefined, left: holder } : { lock: holder, left: undefined }),
      unchecked: [],
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { ...status, record: undefined, ...NOBODY, unchecked: [error.message] };
  }
}

/** Where the statement is gone, and rules are still suspended, the open record is the one. */
const isOf = ({ undone_at, saved }: FreezeRecord, mark: FreezeMark | null | undefined): boolean =>
  mark === undefined
    ? undone_at === null
    : mark !== null && saved.mark?.plan_digest === mark.plan_digest && saved.mark.at === mark.at;

function principalsIn({ policy }: Configuration): string[] {
  const [statement] = freezesIn(policy) as { Condition?: { ArnNotLike?: Record<string, unknown> } }[];
  return [statement?.Condition?.ArnNotLike?.['aws:PrincipalArn'] ?? []].flat().map(String);
}
