import { rm } from 'node:fs/promises';
import type { Check } from '../../../contracts/migrate-buckets/capabilities';
import type { MigrationEvent } from '../../../contracts/migrate-buckets/output';
import type { Plan } from '../../../contracts/migrate-buckets/plan';
import { PLAN_VERSION } from '../../../contracts/migrate-buckets/words';
import { EXIT } from '../../shared/exit-codes';
import type { Reporter } from '../../shared/reporters/reporter';
import { UserError } from '../../shared/user-error';
import type { CopyEngine } from '../engine/engine';
import { type ListedObject, partsOfEtag } from '../listing/listed-object';
import { mergeListings } from '../listing/pair';
import { LONGEST_KEY, Placement } from '../listing/placement';
import { ManifestDigest, manifestLine } from '../plan-files/digest';
import { isArchived, planEntry } from '../plan-files/manifest-entry';
import { LineWriter, planFiles, writeTogether } from '../plan-files/plan-file';
import type { ArchivedObjects } from './archived-objects';
import { emptyTally, estimate } from './estimate';
import type { ExpirySurvey } from './expiry-survey';
import type { NotCarriedSurvey } from './not-carried';
import { requiredPermissions } from './permissions';
import { type KeptMark, type ProvenMarks, whyKept } from './proven-marks';
import { SomeKeys } from './some-keys';
import type { SourceChoice } from './source-choice';

export interface PlanRequest extends SourceChoice {
  readonly destination: string;
  readonly region: string;
  readonly sourceRegion: string;
  /** The buckets that are in another region than the destination. */
  readonly crossing: ReadonlySet<string>;
  readonly owner: string | null;
  readonly overwrite: boolean;
  readonly noncurrentVersions: number | null;
  /** Asks whether archived objects can be read. */
  readonly archived: ArchivedObjects;
  /** Looks at what copies will lack. */
  readonly notCarried: NotCarriedSurvey;
  /** What earlier plans proved at the destination. */
  readonly marks: ProvenMarks;
  /** Looks at what the destination's lifecycle would delete. */
  readonly expiry: ExpirySurvey;
  /** What reading showed of the server. */
  readonly server: readonly Check[];
  /** Where the plan goes; its manifest goes beside it. */
  readonly out: string;
}

/**
 * Lists both sides and writes the plan. Changes nothing in any bucket.
 *
 * @throws {UserError} exit 6 when objects would be overwritten without consent, or that another plan proved, cannot be
 * read, or would have keys that are too long.
 */
export async function makePlan(
  engine: CopyEngine,
  request: PlanRequest,
  report: Reporter<MigrationEvent>,
): Promise<Plan> {
  const { source, destination, include, placement: rules } = request;
  const placement = new Placement(source, rules);
  const files = planFiles(request.out);
  const actions = emptyTally();
  const digest = new ManifestDigest({ source, destination, placement: rules });
  const conflicts = new SomeKeys();
  const kept = new SomeKeys();
  let keptBy: KeptMark | undefined;
  const tooLong = new SomeKeys();
  const leftOut = { objects: 0, bytes: 0 };
  let destinationObjects = 0;
  let partCopies = 0;
  let crossingBytes = 0;

  const located = (object: ListedObject) => ({ bucket: object.bucket ?? source, object });
  const stranded = include.map(({ bucket, object }) => ({ ...object, bucket }));
  const manifest = new LineWriter(files.manifest);
  try {
    let listed = 0;
    const pairs = placement.pair(
      mergeListings(engine.list(source), stranded),
      (prefix) => engine.list(destination, prefix),
      ({ size }) => {
        leftOut.objects++;
        leftOut.bytes += size;
      },
    );
    for await (const pair of pairs) {
      if (pair.destination !== undefined) destinationObjects++;
      const entry = planEntry(pair, request.overwrite);
      if (entry === undefined) continue;
      if (++listed % 1000 === 0) report.progress('planning', listed, undefined);
      actions[entry.action].objects++;
      actions[entry.action].bytes += entry.size;
      if (entry.action === 'conflict' || entry.action === 'replace') {
        const mark = pair.destination && (await request.marks.of(pair.destination, { source, digest: null }));
        keptBy ??= mark;
        if (mark !== undefined) kept.add(placement.keyOf(entry.key));
        else if (entry.action === 'conflict') conflicts.add(placement.keyOf(entry.key));
      }
      if (entry.action === 'copy' || entry.action === 'replace') {
        if (placement.isTooLong(entry.key)) tooLong.add(entry.key);
        partCopies += partsOfEtag(entry.etag) ?? 0;
        if (request.crossing.has(entry.bucket ?? source)) crossingBytes += entry.size;
        if (pair.source !== undefined) {
          const from = located(pair.source);
          if (isArchived(entry)) await request.archived.offer(from);
          await request.notCarried.offer(from);
        }
      }
      if (pair.source !== undefined && entry.action !== 'skip') {
        const { key, size } = { key: placement.keyOf(entry.key), size: entry.size };
        // What is kept has the tags that it has there.
        const copied = { tagged: located(pair.source), withoutTags: placement.tagsLeftBehind(pair.source) };
        const there = pair.destination && { tagged: { bucket: destination, object: pair.destination } };
        await request.expiry.offer({ key, size, ...(entry.action === 'keep' && there ? there : copied) });
      }
      digest.add(entry);
      await manifest.write(manifestLine(entry));
    }
    refuseUnplannable(request, await request.archived.finish(source), {
      conflicts,
      tooLong,
      kept: keptBy && { keys: kept, mark: keptBy },
    });
    await manifest.settle();

    const plan: Plan = {
      version: PLAN_VERSION,
      created_at: new Date().toISOString(),
      source,
      destination,
      region: request.region,
      source_region: request.sourceRegion,
      owner: request.owner,
      digest: digest.finish(),
      placement: rules,
      engine: 'local',
      authority: [...request.authority],
      actions,
      ...(placement.isFiltered ? { left_out: leftOut } : {}),
      stranded: { included: stranded.length, accepted_lost: [...request.acceptedLost] },
      noncurrent_versions: request.noncurrentVersions,
      not_carried: await request.notCarried.finish(source),
      expiry: await request.expiry.finish(),
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
    ]);
    await manifest.finish();
    await appear();
    // What an earlier plan of this name left is evidence of nothing now.
    const earlier = [files.state, files.journal, files.versions, files.pipeline, files.history];
    await Promise.all(earlier.map((path) => rm(path, { force: true })));
    return plan;
  } catch (error) {
    await manifest.abandon();
    throw error;
  }
}

/** @throws {UserError} exit 6: some objects cannot be copied, or only over others. */
function refuseUnplannable(
  { source, destination, placement }: PlanRequest,
  archived: string | undefined,
  {
    conflicts,
    tooLong,
    kept,
  }: Readonly<Record<'conflicts' | 'tooLong', SomeKeys>> & {
    readonly kept: { readonly keys: SomeKeys; readonly mark: KeptMark } | undefined;
  },
): void {
  if (archived !== undefined) throw new UserError(archived, EXIT.refused);
  if (tooLong.count > 0) {
    throw new UserError(
      `${tooLong} of ${source} would be too long under ${new Placement(source, placement).archive}: S3 takes ${LONGEST_KEY} bytes. Copy them by hand to where they are to be kept, delete them from ${source}, and plan again.`,
      EXIT.refused,
    );
  }
  if (kept !== undefined) {
    throw new UserError(`${destination} keeps ${kept.keys}. ${whyKept(kept.mark, source)}`, EXIT.refused);
  }
  if (conflicts.count > 0) {
    throw new UserError(
      `${destination} holds something else under ${conflicts}. Look at them; with --overwrite the plan replaces exactly these.`,
      EXIT.refused,
    );
  }
}
