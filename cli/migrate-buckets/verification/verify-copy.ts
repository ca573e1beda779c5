import type { MigrationEvent } from '../../../contracts/migrate-buckets/output';
import type { Verification } from '../../../contracts/migrate-buckets/verification';
import type { Context } from '../../shared/command';
import { openBucket } from '../aws/bucket';
import { tellAccepted } from '../doctor/given-up';
import { Journal } from '../plan-files/journal';
import { planFiles, readManifest, readPlan } from '../plan-files/plan-file';
import { strandedOf } from '../plan-files/staleness';
import { readState } from '../plan-files/state';
import { type VerifyRequest, verifyBuckets } from './verify';

/** What is to be verified: the copy that a plan made, or any tool's. */
export type Copy = { readonly plan: string } | { readonly source: string; readonly destination: string };

/** Proves a copy, object by object. Read-only. */
export async function verifyCopy(
  context: Context<MigrationEvent>,
  copy: Copy,
  deep: boolean,
): Promise<Verification & { readonly source: string; readonly destination: string }> {
  if ('plan' in copy) tellAccepted(context.report, await readState(planFiles(copy.plan).state));
  const request = 'plan' in copy ? { ...(await requestOf(copy.plan)), deep } : { ...copy, deep };
  const { source, destination } = request;
  await openBucket(context.aws, source);
  await openBucket(context.aws, destination);
  return { source, destination, ...(await verifyBuckets(context, request)) };
}

async function requestOf(path: string): Promise<Omit<VerifyRequest, 'deep'>> {
  const plan = await readPlan(path);
  const files = planFiles(path);
  return {
    source: plan.source,
    destination: plan.destination,
    journal: await Journal.open(files.journal, { readOnly: true }),
    stranded: await strandedOf(readManifest(files.manifest, plan)),
  };
}
