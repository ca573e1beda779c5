import type { S3Client } from '@aws-sdk/client-s3';
import type { MigrationEvent } from '../../../contracts/migrate-buckets/output';
import type { Capability } from '../../../contracts/migrate-buckets/words';
import type { Context } from '../../shared/command';
import { EXIT } from '../../shared/exit-codes';
import { UserError } from '../../shared/user-error';
import { examine } from '../doctor/examine';
import { deniesOthersWrites } from '../doctor/frozen-destination';
import { refuseMissing } from '../doctor/refuse-missing';
import { type ConfiguredBucket, readPolicy } from '../freeze/bucket-configuration';
import type { StateFile } from '../plan-files/state';

export interface ServerRequest extends Pick<ConfiguredBucket, 'readPause'> {
  readonly source: string;
  readonly destination: string;
  /** ARNs that may write to the frozen source, and to a frozen destination. */
  readonly principals: readonly string[];
  /** Another principal, whom the freeze must deny. */
  readonly second: S3Client | undefined;
  /** Seconds that a policy may take until it denies. */
  readonly settle: number;
  /** The source is known to be idle: nobody's writes are denied. */
  readonly noFreeze: boolean;
  /** What the operator goes on without, by name. */
  readonly acceptMissing: readonly Capability[];
}

/**
 * Before anything is copied: proves what the migration will rely on, and notes in the state what was found and what
 * the operator goes on without. A migration that goes on does not ask again.
 *
 * @throws {UserError} exit 6 when a capability is missing and not accepted; 1 when a permission is lacking.
 */
export async function proveServer(
  context: Context<MigrationEvent>,
  request: ServerRequest,
  state: StateFile,
): Promise<void> {
  const { source, destination, principals, second, settle, readPause, noFreeze, acceptMissing } = request;
  const { report } = context;
  if (noFreeze && state.now.saved !== null) {
    throw new UserError(
      `${source} is frozen by this plan already. Leave --no-freeze out, or run "migrate-buckets unfreeze" first.`,
      EXIT.refused,
    );
  }
  const { phase, server, no_freeze } = state.now;
  const live = phase === 'copying' || no_freeze;
  if (live && (server === null || noFreeze !== no_freeze)) {
    const { checks, left } = await examine(context, {
      source,
      destination,
      principals: noFreeze ? undefined : principals,
      second,
      settle,
      readPause,
    });
    for (const message of left) report.tell({ event: 'left-behind', message });
    const proven = checks.filter(({ result }) => result === 'proven').length;
    const message = `The server was examined: ${proven} of ${checks.length} capabilities are proven.`;
    report.tell({ event: 'examined', message, checks });
    const policy =
      acceptMissing.length === 0 ? null : await readPolicy({ s3: context.aws.s3, bucket: destination });
    const without = refuseMissing(checks, acceptMissing, deniesOthersWrites(policy, destination, principals));
    const at = new Date().toISOString();
    const accepted_missing = without.map((capability) => ({ capability, at }));
    // What was verified while nobody was denied is no evidence of what the freeze will find.
    const copying = { phase: 'copying', verified: null } as const;
    await state.save({ ...copying, server: { at, checks, accepted_missing }, no_freeze: noFreeze });
  }
}
