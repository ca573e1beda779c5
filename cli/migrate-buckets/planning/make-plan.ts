import { rm } from 'node:fs/promises';
import type { Authority } from '../../../contracts/migrate-buckets/authority';
import type { Check } from '../../../contracts/migrate-buckets/capabilities';
import type { MigrationEvent } from '../../../contracts/migrate-buckets/output';
import type { Plan } from '../../../contracts/migrate-buckets/plan';
import { PLAN_VERSION } from '../../../contracts/migrate-buckets/words';
import { EXIT } from '../../shared/exit-codes';
import type { Reporter } from '../../shared/reporters/reporter';
import { UserError } from '../../shared/user-error';
import type { StrandedObject } from '../authority/stranded';
import type { CopyEngine } from '../engine/engine';
import { partsOfEtag } from '../listing/listed-object';
import { mergeListings, pairListings } from '../listing/pair';
import { ManifestDigest, manifestLine } from '../plan-files/digest';
import { isArchived, planEntry } from '../plan-files/manifest-entry';
import { LineWriter, planFiles, writeTogether } from '../plan-files/plan-file';
import type { ArchivedObjects } from './archived-objects';
import { emptyTally, estimate } from './estimate';
import type { NotCarriedSurvey } from './not-carried';
import { requiredPermissions } from './permissions';
import { SomeKeys } from './some-keys';

export interface PlanRequest {
  readonly source: string;
  readonly destination: string;
  readonly region: string;
  readonly sourceRegion: string;
  /** The buckets that are in another region than the destination. */
  readonly crossing: ReadonlySet<string>;
  readonly owner: string | null;
  readonly authority: readonly string[];
  /** All that this rests on. */
  readonly evidence: Authority;
  readonly include: readonly StrandedObject[];
  readonly acceptedLost: readonly string[];
  readonly overwrite: boolean;
  readonly noncurrentVersions: number | null;
  /** Asks whether archived objects can be read. */
  readonly archived: ArchivedObjects;
  /** Looks at what copies will lack. */
  readonly notCarried: NotCarriedSurvey;
  /** What reading showed of the server. */
  readonly server: readonly Check[];
  /** Where the plan goes; its manifest goes beside it. */
  readonly out: string;
}

/**
 * Lists both sides and writes the plan. Changes nothing in any bucket.
 *
 * @throws {UserError} exit 6 when objects would be overwritten without consent, or cannot be read.
 */
export async function makePlan(
  engine: CopyEngine,
  request: PlanRequest,
  report: Reporter<MigrationEvent>,
): Promise<Plan> {
  const { source, destination, include } = request;
  const files = planFiles(request.out);
  const actions = emptyTally();
  const digest = new ManifestDigest(source, destination);
  const conflicts = new SomeKeys();
  let destinationObjects = 0;
  let partCopies = 0;
  let crossingBytes = 0;

  const stranded = include.map(({ bucket, object }) => ({ ...object, bucket }));
  const manifest = new LineWriter(files.manifest);
  try {
    let listed = 0;
    for await (const pair of pairListings(
      mergeListings(engine.list(source), stranded),
      engine.list(destination),
    )) {
      if (pair.destination !== undefined) destinationObjects++;
      const entry = planEntry(pair, request.overwrite);
      if (entry === undefined) continue;
      if (++listed % 1000 === 0) report.progress('planning', listed, undefined);
      actions[entry.action].objects++;
      actions[entry.action].bytes += entry.size;
      if (entry.action === 'conflict') conflicts.add(entry.key);
      if (entry.action === 'copy' || entry.action === 'replace') {
        partCopies += partsOfEtag(entry.etag) ?? 0;
        if (request.crossing.has(entry.bucket ?? source)) crossingBytes += entry.size;
        if (pair.source !== undefined) {
          const located = { bucket: entry.bucket ?? source, object: pair.source };
          if (isArchived(entry)) await request.archived.offer(located);
          await request.notCarried.offer(located);
        }
      }
      digest.add(entry);
      await manifest.write(manifestLine(entry));
    }
    refuseUnplannable(destination, await request.archived.finish(source), conflicts);
    await manifest.settle();
  } catch (error) {
    await manifest.abandon();
    throw error;
  }

  const plan: Plan = {
    version: PLAN_VERSION,
    created_at: new Date().toISOString(),
    source,
    destination,
    region: request.region,
    source_region: request.sourceRegion,
    owner: request.owner,
    digest: digest.finish(),
    engine: 'local',
    authority: [...request.authority],
    actions,
    stranded: { included: include.length, accepted_lost: [...request.acceptedLost] },
    noncurrent_versions: request.noncurrentVersions,
    not_carried: await request.notCarried.finish(source),
    ...estimate({
      actions,
      destinationObjects,
      partCopies,
      crossingBytes: request.crossing.size === 0 ? undefined : crossingBytes,
    }),
    server: [...request.server],
    permissions: requiredPermissions({
      ...request,
      alsoFrom: [...new Set(include.map(({ bucket }) => bucket))],
    }),
  };
  // A manifest without its plan, or with an older one, would be worth nothing: neither appears unless both can.
  const evidence = { version: 1, plan: plan.digest, authority: request.evidence };
  const appear = await writeTogether([
    [files.plan, `${JSON.stringify(plan, null, 2)}\n`],
    [files.evidence, `${JSON.stringify(evidence)}\n`],
  ]).catch(async (error: unknown) => {
    await manifest.abandon();
    throw error;
  });
  await manifest.finish();
  await appear();
  // What an earlier plan of this name left is evidence of nothing now.
  const earlier = [files.state, files.journal, files.versions, files.pipeline, files.history];
  await Promise.all(earlier.map((path) => rm(path, { force: true })));
  return plan;
}

/** @throws {UserError} exit 6: some objects cannot be copied, or only over others. */
function refuseUnplannable(destination: string, archived: string | undefined, conflicts: SomeKeys): void {
  if (archived !== undefined) throw new UserError(archived, EXIT.refused);
  if (conflicts.count > 0) {
    throw new UserError(
      `${destination} holds something else under ${conflicts}. Look at them; with --overwrite the plan replaces exactly these.`,
      EXIT.refused,
    );
  }
}
