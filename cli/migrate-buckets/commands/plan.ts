import { readFile } from 'node:fs/promises';
import { HeadBucketCommand } from '@aws-sdk/client-s3';
import { z } from 'zod';
import type { Aws } from '../../shared/aws/clients';
import { failureOf, isDenied } from '../../shared/aws/failure';
import type { Context, Outcome } from '../../shared/context';
import { EXIT } from '../../shared/exit-codes';
import { UserError } from '../../shared/user-error';
import { decide } from '../authority/decide';
import { inspectBuckets } from '../authority/inspect-buckets';
import { findStranded, type StrandedObject } from '../authority/stranded';
import { openBucket, versioningOf, whoAmI } from '../aws/bucket';
import { discoverBuckets } from '../discovery/discover';
import { SdkEngine } from '../engine/sdk-engine';
import { listVersions } from '../listing/list-versions';
import { planFiles } from '../plan-files/plan-file';
import { readState } from '../plan-files/state';
import { makePlan } from '../planning/make-plan';
import { describeVerdict } from './authority';
import { candidateFilter, readOptions, searchOptions } from './options';
import { describePlan } from './show';

const planOptions = searchOptions.extend({
  source: z.string(),
  dest: z.string(),
  out: z.string(),
  includeStranded: z.boolean().default(false),
  acceptLoss: z.string().optional(),
  overwrite: z.boolean().default(false),
});
type PlanOptions = z.infer<typeof planOptions>;

/** @public program.ts loads it when the command is called */
export async function run(raw: Readonly<Record<string, unknown>>, context: Context): Promise<Outcome> {
  const { aws, signal, report } = context;
  const options = readOptions(planOptions, raw);
  const { dest } = options;
  if (options.source === dest) {
    throw new UserError(`${dest} is both source and destination: there is nothing to migrate.`, EXIT.refused);
  }
  await refuseRunning(options.out);
  await openBucket(aws, dest);
  if (options.source !== 'auto') await openBucket(aws, options.source);

  const { candidates, survey, unchecked } = await discoverBuckets(
    aws,
    withSource(candidateFilter(options), options.source),
    options.state,
  );
  const names = candidates.map(({ name }) => name).filter((name) => name !== dest);
  const [blocked] = candidates.filter(({ name, problem }) => name !== dest && problem !== null);
  // An unreadable candidate may hold stranded deltas, or be the truth: nothing is decided around it.
  if (blocked?.problem != null) {
    throw new UserError(`${blocked.problem} To leave it out, name the buckets that count with --bucket.`);
  }
  const engine = new SdkEngine(aws.s3, { signal });
  const { evidence, inventories } = await inspectBuckets(aws, engine, names, survey, report);

  let source = options.source;
  let reasons: readonly string[] = [`You named ${source} as the source.`];
  if (source === 'auto') {
    const verdict = decide(evidence);
    if (verdict.winner === null) {
      return {
        exitCode: EXIT.ambiguous,
        data: { ...verdict, buckets: evidence },
        text: describeVerdict(verdict, evidence),
      };
    }
    source = verdict.winner;
    reasons = verdict.reasons;
  }
  const winner = evidence.find(({ name }) => name === source);
  if (winner === undefined) throw new UserError(`The bucket ${source} could not be inspected.`);
  const stranded = findStranded(
    winner,
    inventories,
    names.filter((name) => name !== source),
  );
  const accepted = await settleStranded(stranded, options);

  const owner = await ownerOf(aws, source, dest);
  const plan = await makePlan(
    engine,
    {
      source,
      destination: dest,
      region: await aws.s3.config.region(),
      owner,
      authority: [...reasons, ...unchecked],
      include: options.includeStranded ? stranded.filter(({ object }) => !accepted.includes(object.key)) : [],
      acceptedLost: accepted,
      overwrite: options.overwrite,
      noncurrentVersions: await countNoncurrent(aws, source, signal),
      out: options.out,
    },
    report,
  );
  return { exitCode: EXIT.ok, data: { plan: options.out, ...plan }, text: describePlan(plan, options.out) };
}

/** A bucket that is named as the source is looked at even if nothing else points to it. */
function withSource(filter: ReturnType<typeof candidateFilter>, source: string) {
  return source === 'auto' ? filter : { ...filter, named: [...filter.named, source] };
}

async function refuseRunning(out: string): Promise<void> {
  const state = await readState(planFiles(out).state);
  if (state !== undefined && state.phase !== 'copying' && state.phase !== 'retired') {
    throw new UserError(
      `The migration of ${out} is under way and its source is frozen. Finish it, run "migrate-buckets unfreeze ${out}" first, or choose another --out.`,
      EXIT.refused,
    );
  }
}

/** The stranded deltas that the operator accepts to lose. Every other must be included, or the plan refuses. */
async function settleStranded(stranded: readonly StrandedObject[], options: PlanOptions): Promise<string[]> {
  const { acceptLoss, includeStranded } = options;
  let listed = new Set<string>();
  if (acceptLoss !== undefined) {
    const text = await readFile(acceptLoss, 'utf8').catch(() => {
      throw new UserError(`The list of accepted losses at ${acceptLoss} cannot be read.`, EXIT.usage);
    });
    listed = new Set(text.split(/\r?\n/).filter((line) => line !== ''));
  }
  const accepted = stranded.filter(({ object }) => listed.has(object.key)).map(({ object }) => object.key);
  const open = stranded.filter(({ object }) => !listed.has(object.key));
  const overshadowed = open.filter((each) => each.overshadowed);
  if (overshadowed.length > 0) {
    throw new UserError(
      `${overshadowed.length} deltas of a losing bucket have other content than the truth's deltas of the same keys, so both cannot be taken along (${overshadowed
        .slice(0, 5)
        .map(({ bucket, object }) => `${object.key} in ${bucket}`)
        .join(
          ', ',
        )}${overshadowed.length > 5 ? ', …' : ''}). Look at them, and list their keys in a file for --accept-loss.`,
      EXIT.refused,
    );
  }
  if (open.length > 0 && !includeStranded) {
    const shown = open.slice(0, 5).map(({ bucket, object }) => `${object.key} in ${bucket}`);
    throw new UserError(
      `${open.length} deltas that nobody compacted lie only in a losing bucket and would be lost (${shown.join(', ')}${open.length > 5 ? ', …' : ''}). Copy them with --include-stranded, or list their keys in a file for --accept-loss.`,
      EXIT.refused,
    );
  }
  return accepted;
}

/**
 * The account that owns both buckets: the one that the operator expects, else the caller's own. Null when STS
 * cannot say.
 *
 * @throws {UserError} exit 6 when a bucket belongs to another account and the operator did not say so.
 */
async function ownerOf(aws: Aws, source: string, destination: string): Promise<string | null> {
  if (aws.options.expectedOwner !== undefined) return aws.options.expectedOwner;
  const account = await whoAmI(aws).then(
    (identity) => identity.account,
    (error) => {
      if (error instanceof UserError) return null;
      throw error;
    },
  );
  if (account === null) return null;
  for (const bucket of [source, destination]) {
    try {
      await aws.s3.send(new HeadBucketCommand({ Bucket: bucket, ExpectedBucketOwner: account }));
    } catch (error) {
      if (!isDenied(failureOf(error))) throw error;
      throw new UserError(
        `${bucket} does not belong to your account ${account}. If that is meant, pass its owner with --expected-bucket-owner.`,
        EXIT.refused,
      );
    }
  }
  return account;
}

/** Versions that stay behind: only current objects are migrated. */
async function countNoncurrent(aws: Aws, bucket: string, signal: AbortSignal): Promise<number> {
  if ((await versioningOf(aws, bucket)) === 'off') return 0;
  let count = 0;
  for await (const { isLatest, isDeleteMarker } of listVersions(aws.s3, bucket, signal)) {
    if (!isLatest && !isDeleteMarker) count++;
  }
  return count;
}
