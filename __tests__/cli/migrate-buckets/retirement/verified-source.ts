import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutBucketPolicyCommand, PutBucketVersioningCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { markNow } from '../../../../cli/migrate-buckets/freeze/freeze-mark';
import { freezePolicy, freezeStatement } from '../../../../cli/migrate-buckets/freeze/freeze-policy';
import { currentObjects, listVersions } from '../../../../cli/migrate-buckets/listing/list-versions';
import { ManifestDigest, manifestLine } from '../../../../cli/migrate-buckets/plan-files/digest';
import {
  pipelineDigest,
  recordPipelineWrites,
} from '../../../../cli/migrate-buckets/plan-files/pipeline-writes';
import { type PlanFiles, planFiles } from '../../../../cli/migrate-buckets/plan-files/plan-file';
import { StateFile } from '../../../../cli/migrate-buckets/plan-files/state';
import { recordVersions } from '../../../../cli/migrate-buckets/plan-files/version-record';
import {
  ALL_LIVE,
  type ManifestEntry,
  type Plan,
  type State,
} from '../../../../contracts/migrate-buckets/plan';
import { PLAN_VERSION } from '../../../../contracts/migrate-buckets/words';
import type { EmbeddedS3 } from '../../../support/embedded-s3';

/** Two buckets with the files of a plan between them, in a folder of their own. */
export interface VerifiedSource {
  readonly source: string;
  readonly destination: string;
  readonly plan: Plan;
  readonly files: PlanFiles;
  readonly state: StateFile;
  /** Freezes the source for its plan. The tests themselves may write to it. */
  freeze(): Promise<void>;
  /** Copies what is current in the source, as a migration does, freezes it and records it as verified. */
  migrate(at?: Date, changes?: Partial<NonNullable<State['verified']>>): Promise<void>;
  /** Records the source as it is now as what was verified, at this moment or another. */
  verify(at?: Date, changes?: Partial<NonNullable<State['verified']>>): Promise<void>;
}

const NOTHING = { objects: 0, bytes: 0 };

/** Gives every test of a suite two empty buckets and a plan, whose source is versioned where that is said. */
export function useVerifiedSource(embedded: EmbeddedS3) {
  const folders: string[] = [];
  afterEach(async () => {
    for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
  });
  return async ({
    versioned = false,
    manifest = [] as readonly ManifestEntry[],
    owner = null as string | null,
  } = {}): Promise<VerifiedSource> => {
    const [source, destination] = [await embedded.bucket(), await embedded.bucket()];
    if (versioned) {
      const VersioningConfiguration = { Status: 'Enabled' } as const;
      await embedded.s3.send(new PutBucketVersioningCommand({ Bucket: source, VersioningConfiguration }));
    }
    const folder = await mkdtemp(join(tmpdir(), 'retirement-'));
    folders.push(folder);
    const files = planFiles(join(folder, 'plan.json'));
    const digest = new ManifestDigest({ source, destination, placement: ALL_LIVE });
    for (const entry of manifest) digest.add(entry);
    await writeFile(files.manifest, manifest.map(manifestLine).join(''));
    const plan: Plan = {
      version: PLAN_VERSION,
      created_at: new Date().toISOString(),
      source,
      destination,
      region: 'us-east-1',
      owner,
      digest: digest.finish(),
      placement: ALL_LIVE,
      engine: 'local',
      authority: [],
      actions: { copy: NOTHING, replace: NOTHING, conflict: NOTHING, keep: NOTHING, skip: NOTHING },
      stranded: { included: 0, accepted_lost: [] },
      noncurrent_versions: 0,
      requests: { list: 0, copy: 0, read: 0 },
      estimated_cost: 0,
      estimated_time: 0,
      server: [],
      permissions: [],
    };
    await writeFile(files.plan, JSON.stringify(plan));
    const state = await StateFile.create(plan, files.state);
    const deletion = { capability: 'conditional-delete', bucket: source, result: 'proven' } as const;
    const checks = [{ ...deletion, evidence: 'It was tried.' }];
    await state.save({ server: { at: new Date().toISOString(), checks, accepted_missing: [] } });
    const setting: VerifiedSource = {
      source,
      destination,
      plan,
      files,
      state,
      async freeze() {
        const statement = freezeStatement(source, ['*'], markNow(plan.digest, destination));
        const Policy = freezePolicy(null, source, statement);
        await embedded.s3.send(new PutBucketPolicyCommand({ Bucket: source, Policy }));
      },
      async migrate(...verified) {
        const versions = listVersions(embedded.s3, source, new AbortController().signal);
        for await (const { key } of currentObjects(versions)) {
          const Body = await embedded.text(source, key);
          await embedded.s3.send(new PutObjectCommand({ Bucket: destination, Key: key, Body }));
        }
        await setting.freeze();
        await setting.verify(...verified);
      },
      async verify(at = new Date(), changes = {}) {
        const versions = listVersions(embedded.s3, source, new AbortController().signal);
        let objects = 0;
        const found = await recordVersions(versions, files.versions, async (recorded) => {
          for await (const { isLatest } of recorded) objects += isLatest ? 1 : 0;
        });
        const verified = {
          at: at.toISOString(),
          digest: found,
          objects,
          bytes: 0,
          levels: { P4: 0, P3: objects, P2: 0, P1: 0, P0: 0 },
          snapshots: [],
        };
        const there = currentObjects(listVersions(embedded.s3, destination, new AbortController().signal));
        for await (const _ of recordPipelineWrites(there, files.pipeline));
        const pipeline = await pipelineDigest(files.pipeline);
        await state.save({ phase: 'verified', verified: { ...verified, pipeline, ...changes } });
      },
    };
    return setting;
  };
}
