import { existsSync } from 'node:fs';
import { GetObjectLockConfigurationCommand, HeadBucketCommand } from '@aws-sdk/client-s3';
import type { MigrationEvent } from '../../../contracts/migrate-buckets/output';
import type { Plan, State } from '../../../contracts/migrate-buckets/plan';
import type { Inventory } from '../../../contracts/migrate-buckets/retirement';
import type { Verification } from '../../../contracts/migrate-buckets/verification';
import type { Aws } from '../../shared/aws/clients';
import { failureOf, isUnable } from '../../shared/aws/failure';
import { patiently } from '../../shared/aws/pace';
import type { Context } from '../../shared/command';
import { versioningOf } from '../aws/bucket';
import { refusesOtherOwners } from '../aws/owner';
import { referencesTo } from '../discovery/references';
import { survey } from '../discovery/survey';
import { readPolicy } from '../freeze/bucket-configuration';
import { notFrozenBy } from '../freeze/freeze';
import type { ListedVersion } from '../listing/list-versions';
import { Placement } from '../listing/placement';
import { Journal } from '../plan-files/journal';
import { type PlanFiles, readManifest } from '../plan-files/plan-file';
import { strandedOf } from '../plan-files/staleness';
import { readVersions, versionOf } from '../plan-files/version-record';
import { describeExpiry } from '../planning/describe-expiry';
import { ExpirySurvey } from '../planning/expiry-survey';
import type { Sides } from '../verification/evaluate-object';
import { Proofs } from '../verification/proofs';
import { verifyBuckets } from '../verification/verify';
import { compareSource, versionsBeside } from './compare-source';
import { deletionListeners } from './deletion-listeners';
import type { RetireFacts } from './gates';
import { keptDeltas } from './kept-deltas';
import { openMigrationsTo } from './own-objects';
import { replicatedDeletions } from './replicated-deletions';
import { writtenSince } from './written-since';

export interface FactsRequest {
  readonly plan: Plan;
  readonly files: PlanFiles;
  readonly state: State | undefined;
  readonly statePaths: readonly string[];
  /** Seconds. */
  readonly soak: number;
  readonly overrides: readonly string[];
  /** The keys of archived deltas whose loss from the collections the operator accepts. */
  readonly losses: ReadonlySet<string>;
}

/** What the gates look at, and what a deletion builds on. */
export interface Facts extends RetireFacts {
  /** Null when there was nothing verified to compare with. */
  readonly inventory: Inventory | null;
  readonly versioned: boolean;
  /** By which the destination was verified just now. */
  readonly sides: Sides;
}

/** Reads, anew, all that the gates look at. Changes nothing. */
export async function gatherFacts(context: Context<MigrationEvent>, request: FactsRequest): Promise<Facts> {
  const { plan, files, state, statePaths, soak, overrides, losses } = request;
  const { aws, signal } = context;
  const { source, destination, region, source_region: sourceRegion = region } = plan;
  // Whoever uses a bucket is rarely in another region than the bucket.
  const found = await survey(aws, statePaths, [sourceRegion, region]);
  const verified = state?.verified ?? null;
  const comparable = state !== undefined && verified !== null && existsSync(files.versions);
  const placement = Placement.of(plan);
  const compared = comparable ? await compareSource(context, source, files, state, placement) : null;
  const journal = await Journal.open(files.journal, { readOnly: true });
  const versioning = await versioningOf(aws, source);
  const sides = {
    source,
    destination,
    placement,
    deep: false,
    journal,
    proofs: new Proofs(),
    snapshots: verified?.snapshots ?? [],
  };
  const expiry = await ExpirySurvey.of(aws.s3, destination, signal);
  return {
    source,
    destination,
    archivedUnder: placement.archivedUnder,
    state,
    survey: found,
    references: referencesTo(found, source),
    unchanged: compared?.unchanged ?? {
      holds: false,
      evidence: `There is no verified manifest of ${source}. Run apply.`,
    },
    verification: comparable ? await verifyAgain(context, request, state, sides, expiry) : null,
    keptDeltas: comparable && placement.archives ? await keptDeltas(context, sides, files.versions) : null,
    losses,
    expiring: describeExpiry(destination, await expiry.finish()).join(' ') || null,
    writtenSince: verified === null ? null : await writtenSince(context, plan, files, verified),
    inventory: compared?.inventory ?? null,
    leftOut: compared?.inventory.left_out?.objects ?? 0,
    versioned: versioning !== 'off',
    sides,
    lock: await lockOf(aws, source),
    replicated: await replicatedDeletions(aws.s3, source),
    listeners: await deletionListeners(aws.s3, source),
    openMigrations: await openMigrationsTo(context, source),
    owner: await ownerOf(aws, plan),
    keepsVersions: versioning === 'Enabled',
    notFrozen: notFrozenBy(source, await readPolicy({ s3: aws.s3, bucket: source, signal }), {
      digest: plan.digest,
      saved: state?.saved ?? null,
    }),
    now: Date.now(),
    soak,
    overrides,
  };
}

/**
 * Compares what of the verified manifest is still in the source with the destination: the bytes of what a
 * retirement deleted before it stopped cannot be read any more.
 */
async function verifyAgain(
  context: Context<MigrationEvent>,
  { plan, files }: FactsRequest,
  { phase }: State,
  sides: Sides,
  expiry: ExpirySurvey,
): Promise<Verification> {
  async function* stillThere(): AsyncGenerator<ListedVersion> {
    const beside = versionsBeside(context, plan.source, readVersions(files.versions));
    for await (const { left: verified, right: listed } of beside) {
      const there = new Set(listed?.items.map(({ versionId }) => versionId));
      for (const record of verified?.items ?? []) {
        if (there.has(record.version_id) || phase !== 'retiring') yield versionOf(record);
      }
    }
  }
  return verifyBuckets(context, {
    ...sides,
    stranded: await strandedOf(readManifest(files.manifest, plan)),
    versions: stillThere(),
    onProven: (object) => expiry.offer({ ...object, tagged: { bucket: sides.destination, object } }),
  });
}

async function lockOf({ s3 }: Aws, bucket: string): Promise<string | null> {
  try {
    const { ObjectLockConfiguration } = await patiently(() =>
      s3.send(new GetObjectLockConfigurationCommand({ Bucket: bucket })),
    );
    return ObjectLockConfiguration?.ObjectLockEnabled === 'Enabled'
      ? `${bucket} has object lock: its versions may be under retention or legal hold.`
      : null;
  } catch (error) {
    const failure = failureOf(error);
    if (failure.code === 'ObjectLockConfigurationNotFoundError' || isUnable(failure)) return null;
    return `Whether ${bucket} has object lock could not be found out (${failure.code}).`;
  }
}

/** The account that owns the source, shown by S3 itself: a request that expects another owner is refused. */
async function ownerOf(aws: Aws, { source, owner }: Plan): Promise<string | null> {
  const { s3, options } = aws;
  const expected = options.expectedOwner ?? owner;
  if (expected === null) return null;
  try {
    await patiently(() => s3.send(new HeadBucketCommand({ Bucket: source, ExpectedBucketOwner: expected })));
    return (await refusesOtherOwners(aws, source)) ? expected : null;
  } catch {
    return null;
  }
}
