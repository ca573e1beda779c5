import type { MigrationEvent, ResultOf } from '../../../contracts/migrate-buckets/output';
import type { Verification } from '../../../contracts/migrate-buckets/verification';
import type { Context } from '../../shared/command';
import { openBucket } from '../aws/bucket';
import { tellAccepted } from '../doctor/given-up';
import { Placement } from '../listing/placement';
import { History } from '../plan-files/history';
import { Journal } from '../plan-files/journal';
import { planFiles, readManifest, readPlan } from '../plan-files/plan-file';
import { strandedOf } from '../plan-files/staleness';
import { readState } from '../plan-files/state';
import { Certifier } from './certify';
import { type VerifyRequest, verifyBuckets } from './verify';

/** What is to be verified: the copy that a plan made, or any tool's. */
export type Copy = { readonly plan: string } | { readonly source: string; readonly destination: string };

interface VerifyCopyRequest {
  readonly deep: boolean;
  /** Where the certificate goes, if one is asked for. */
  readonly certificate?: { readonly path: string; readonly tool: string } | undefined;
}

/** Proves a copy, object by object. Read-only; a certificate is written once all is proven, and only then. */
export async function verifyCopy(
  context: Context<MigrationEvent>,
  copy: Copy,
  { deep, certificate }: VerifyCopyRequest,
): Promise<Omit<ResultOf<'verify'>, 'by'>> {
  if ('plan' in copy) tellAccepted(context.report, await readState(planFiles(copy.plan).state));
  const { plan, ...request } =
    'plan' in copy
      ? await requestOf(copy.plan)
      : { ...copy, plan: null, placement: Placement.plain(copy.source) };
  const { source, destination } = request;
  await openBucket(context.aws, source);
  await openBucket(context.aws, destination);
  if (certificate === undefined) {
    const verification = await verifyBuckets(context, { ...request, deep });
    return { source, destination, certificate: null, ...verification };
  }
  const { path, tool } = certificate;
  const at = new Date().toISOString();
  const header = { kind: 'certificate', version: 1, tool, at, source, destination, plan, deep } as const;
  const certifier = await Certifier.begin(context.aws.s3, header, path, context.signal);
  try {
    const onProven = certifier.add.bind(certifier);
    const verification: Verification = await verifyBuckets(context, { ...request, deep, onProven });
    const digest = await certifier.finish(verification);
    if (digest !== null && 'plan' in copy) {
      const { objects } = verification;
      new History(planFiles(copy.plan).history, 'verify').add({ event: 'certified', path, digest, objects });
    }
    return { source, destination, certificate: digest === null ? null : { path, digest }, ...verification };
  } finally {
    await certifier.abandon();
  }
}

async function requestOf(path: string): Promise<Omit<VerifyRequest, 'deep'> & { readonly plan: string }> {
  const plan = await readPlan(path);
  const files = planFiles(path);
  return {
    plan: plan.digest,
    source: plan.source,
    destination: plan.destination,
    placement: Placement.of(plan),
    journal: await Journal.open(files.journal, { readOnly: true }),
    stranded: await strandedOf(readManifest(files.manifest, plan)),
  };
}
