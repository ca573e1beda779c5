import { existsSync } from 'node:fs';
import { GetObjectLockConfigurationCommand, HeadBucketCommand } from '@aws-sdk/client-s3';
import { deltaPrefix, snapshotPointerKey } from '../../../contracts/bucket-layout';
import { COLLECTIONS } from '../../../contracts/collections';
import type { MigrationEvent } from '../../../contracts/migrate-buckets/output';
import type { Plan, State } from '../../../contracts/migrate-buckets/plan';
import type { Verification } from '../../../contracts/migrate-buckets/verification';
import type { Aws } from '../../shared/aws/clients';
import { failureOf } from '../../shared/aws/failure';
import type { Context } from '../../shared/command';
import { referencesTo } from '../discovery/references';
import { survey } from '../discovery/survey';
import { currentObjects, type ListedVersion, listVersions } from '../listing/list-versions';
import { Journal } from '../plan-files/journal';
import { type PlanFiles, readManifest } from '../plan-files/plan-file';
import { strandedOf } from '../plan-files/staleness';
import { readVersions, recordOf, VersionDigest, type VersionRecord } from '../plan-files/version-record';
import { verifyBuckets } from '../verification/verify';
import type { RetireFacts } from './gates';

export interface FactsRequest {
  readonly plan: Plan;
  readonly files: PlanFiles;
  readonly state: State | undefined;
  readonly statePaths: readonly string[];
  /** Seconds. */
  readonly soak: number;
  readonly overrides: readonly string[];
}

/** Reads, anew, all that the gates look at. Changes nothing. */
export async function gatherFacts(
  context: Context<MigrationEvent>,
  { plan, files, state, statePaths, soak, overrides }: FactsRequest,
): Promise<RetireFacts> {
  const { aws } = context;
  const { source, destination } = plan;
  const found = await survey(aws, statePaths);
  const verified = state?.verified ?? null;
  const comparable = state !== undefined && verified !== null && existsSync(files.versions);
  return {
    source,
    destination,
    state,
    survey: found,
    references: referencesTo(found, source),
    unchanged: comparable
      ? await isUnchanged(context, plan, files, state)
      : { holds: false, evidence: `There is no verified manifest of ${source}. Run apply.` },
    verification: comparable ? await verifyAgain(context, plan, files, state) : null,
    writtenSince: verified === null ? null : await newestSince(context, plan, Date.parse(verified.at)),
    lock: await lockOf(aws, source),
    owner: await ownerOf(aws, plan),
    now: Date.now(),
    soak,
    overrides,
  };
}

/**
 * Before the retirement: the source's versions are exactly the verified ones. Once it began: none is there
 * that was not verified, but for delete markers over what was.
 */
async function isUnchanged(
  { aws, signal }: Context<MigrationEvent>,
  { source }: Plan,
  files: PlanFiles,
  state: State,
): Promise<RetireFacts['unchanged']> {
  const id = ({ key, version_id }: VersionRecord) => JSON.stringify([key, version_id]);
  const known = new Set<string>();
  const hidden = new Set<string>();
  const stored = new VersionDigest();
  for await (const record of readVersions(files.versions)) {
    stored.add(record);
    known.add(id(record));
    // Delete markers over verified objects hold no data; the first phase of a retirement lays them itself.
    if (state.phase === 'retiring') hidden.add(record.key);
  }
  if (stored.finish() !== state.verified?.digest) {
    return { holds: false, evidence: `${files.versions} is not what was verified. Run apply again.` };
  }
  const fresh = new VersionDigest();
  let versions = 0;
  let older = 0;
  let newer: VersionRecord | undefined;
  for await (const version of listVersions(aws.s3, source, signal)) {
    const record = recordOf(version);
    fresh.add(record);
    versions++;
    if (!record.latest && !record.marker) older++;
    if (!known.has(id(record)) && !(record.marker && hidden.has(record.key))) newer ??= record;
  }
  if (newer !== undefined) {
    return {
      holds: false,
      evidence: `${source} holds what was not verified: ${newer.key} (version ${newer.version_id}). Run apply again.`,
    };
  }
  if (state.phase === 'retiring') {
    return {
      holds: true,
      evidence: `The ${versions} versions that are left in ${source} were all verified.`,
    };
  }
  return fresh.finish() === state.verified.digest
    ? {
        holds: true,
        evidence: `A fresh listing of ${source} equals the verified one: ${versions} versions${older === 0 ? '' : `, ${older} of them older ones that were not copied`}.`,
      }
    : {
        holds: false,
        evidence: `${source} is not what was verified: objects changed or went. Run apply again.`,
      };
}

/** Compares the verified manifest, not what may be half deleted by now, with the destination. */
async function verifyAgain(
  context: Context<MigrationEvent>,
  plan: Plan,
  files: PlanFiles,
  state: State,
): Promise<Verification> {
  async function* versions(): AsyncGenerator<ListedVersion> {
    for await (const { key, version_id, etag, size, latest, marker } of readVersions(files.versions)) {
      yield {
        key,
        versionId: version_id,
        etag,
        size,
        isLatest: latest,
        isDeleteMarker: marker,
        storageClass: '',
        modified: 0,
      };
    }
  }
  return verifyBuckets(context, {
    source: plan.source,
    destination: plan.destination,
    deep: false,
    journal: await Journal.open(files.journal, { readOnly: true }),
    stranded: await strandedOf(readManifest(files.manifest, plan)),
    versions: versions(),
    snapshots: state.verified?.snapshots ?? [],
  });
}

/** What only the new pipeline writes: a delta in its own form, and the pointer of a checkpoint. */
const isPipelineWrite = (key: string): boolean =>
  COLLECTIONS.some(
    (collection) =>
      key === snapshotPointerKey(collection) ||
      (key.startsWith(deltaPrefix(collection)) && key.endsWith('/delta.arrow')),
  );

async function newestSince({ aws, signal }: Context<MigrationEvent>, { destination }: Plan, since: number) {
  let newest: { key: string; at: number } | null = null;
  for await (const { key, modified } of currentObjects(listVersions(aws.s3, destination, signal))) {
    if (isPipelineWrite(key) && modified > since && modified > (newest?.at ?? 0))
      newest = { key, at: modified };
  }
  return newest;
}

async function lockOf({ s3 }: Aws, bucket: string): Promise<string | null> {
  try {
    const { ObjectLockConfiguration } = await s3.send(
      new GetObjectLockConfigurationCommand({ Bucket: bucket }),
    );
    return ObjectLockConfiguration?.ObjectLockEnabled === 'Enabled'
      ? `${bucket} has object lock: its versions may be under retention or legal hold.`
      : null;
  } catch (error) {
    const { code } = failureOf(error);
    if (code === 'ObjectLockConfigurationNotFoundError') return null;
    return `Whether ${bucket} has object lock could not be found out (${code}).`;
  }
}

/** The account that owns the source, shown by S3 itself: a request that expects another owner is refused. */
async function ownerOf({ s3, options }: Aws, { source, owner }: Plan): Promise<string | null> {
  const expected = options.expectedOwner ?? owner;
  if (expected === null) return null;
  try {
    await s3.send(new HeadBucketCommand({ Bucket: source, ExpectedBucketOwner: expected }));
    return expected;
  } catch {
    return null;
  }
}
