import { s3OfProfile } from '../../shared/aws/clients';
import type { Context } from '../../shared/command';
import { EXIT } from '../../shared/exit-codes';
import { UserError } from '../../shared/user-error';
import { openBucket } from '../aws/bucket';
import type { ConfiguredBucket } from '../freeze/bucket-configuration';
import { ownPrincipals } from '../freeze/own-principals';
import { type Examined, examine } from './examine';

interface PairRequest extends Pick<ConfiguredBucket, 'readPause'> {
  readonly source: string;
  readonly destination: string;
  /** ARNs that may write to the frozen source. @default - the caller, as STS tells */
  readonly principals: readonly string[] | undefined;
  /** A profile of another principal, whom the freeze must deny. */
  readonly secondProfile: string | undefined;
  readonly freeze: boolean;
  /** Seconds that a policy may take until it denies. */
  readonly settle: number;
}

/** Examines two buckets that are there, without a plan. */
export async function examinePair(context: Context, request: PairRequest): Promise<Examined> {
  const { source, destination, principals, secondProfile, freeze, settle, readPause } = request;
  if (source === destination) {
    throw new UserError(`${source} is both source and destination: there is nothing to migrate.`, EXIT.usage);
  }
  await openBucket(context.aws, source);
  await openBucket(context.aws, destination);
  return examine(context, {
    source,
    destination,
    principals: freeze ? (principals ?? (await ownPrincipals(context))) : undefined,
    second: secondProfile === undefined ? undefined : s3OfProfile(context.aws, secondProfile),
    settle,
    readPause,
  });
}
