import { existsSync } from 'node:fs';
import type { MigrationEvent, ResultOf } from '../../../contracts/migrate-buckets/output';
import type { State } from '../../../contracts/migrate-buckets/plan';
import type { Verification } from '../../../contracts/migrate-buckets/verification';
import type { Context } from '../../shared/command';
import { counted } from '../../shared/counted';
import { EXIT } from '../../shared/exit-codes';
import { UserError } from '../../shared/user-error';
import { openBucket } from '../aws/bucket';
import { tellAccepted } from '../doctor/given-up';
import { retirementBegunBy } from '../freeze/freeze-record';
import { Placement } from '../listing/placement';
import { History } from '../plan-files/history';
import { Journal } from '../plan-files/journal';
import { planFiles, readManifest, readPlan } from '../plan-files/plan-file';
import { strandedOf } from '../plan-files/staleness';
import { readState } from '../plan-files/state';
import { Certifier } from './certify';
import { verifiedBefore } from './verified-before';
import { type VerifyRequest, verifyBuckets } from './verify';

/** What is to be verified: the copy that a plan made, or any tool's. */
export type Copy = { readonly plan: string } | { readonly source: string; readonly destination: string };

interface VerifyCopyRequest {
  readonly deep: boolean;
  /** Where the certificate goes, if one is asked for. */
  readonly certificate?: { readonly path: string; readonly tool: string } | undefined;
}

/**
 * Proves a copy, object by object. Read-only; a certificate is written once all is proven, and only then. Once the
 * retirement of a plan's source has begun, its copy is compared with what was verified before.
 *
 * @throws {UserError} exit 2 where the certificate would replace a file; exit 6 where a retired source cannot be told.
 */
export async function verifyCopy(
  context: Context<MigrationEvent>,
  copy: Copy,
  { deep, certificate }: VerifyCopyRequest,
): Promise<Omit<ResultOf<'verify'>, 'by'>> {
  if (certificate !== undefined) refuseReplacing(certificate.path);
  const state = 'plan' in copy ? await readState(planFiles(copy.plan).state) : undefined;
  tellAccepted(context.report, state);
  const { plan, ...request } =
    'plan' in copy
      ? await requestOf(context, copy.plan, state, deep)
      : { ...copy, plan: null, placement: Placement.plain(copy.source), isRetired: false };
  const { source, destination } = request;
  if (!request.isRetired) await openBucket(context.aws, source);
  await openBucket(context.aws, destination);
  if (certificate === undefined) {
    const verification = await verifyBuckets(context, { ...request, deep });
    refuseAltered(verification, state, request);
    return { source, destination, certificate: null, ...verification };
  }
  const { path, tool } = certificate;
  const at = new Date().toISOString();
  const header = { kind: 'certificate', version: 1, tool, at, source, destination, plan, deep } as const;
  const certifier = await Certifier.begin(
    context.aws.s3,
    header,
    { path, archive: request.placement.archive },
    context.signal,
  );
  try {
    const onProven = certifier.add.bind(certifier);
    const verification: Verification = await verifyBuckets(context, { ...request, deep, onProven });
    refuseAltered(verification, state, request);
    refuseFewer(verification, state);
    refuseReplacing(path);
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

function refuseReplacing(path: string): void {
  if (!existsSync(path)) return;
  throw new UserError(
    `There is a file at ${path} already, and a certificate never replaces one. Name another file.`,
    EXIT.usage,
  );
}

function refuseAltered(
  { digest }: Verification,
  state: State | undefined,
  { source, isRetired }: { readonly source: string; readonly isRetired: boolean },
): void {
  if (!isRetired || digest === state?.verified?.digest) return;
  throw new UserError(
    `What was verified of ${source} before its retirement was altered beside the plan, so nothing can be proven with it. Restore it from a copy.`,
    EXIT.stale,
  );
}

function refuseFewer({ proven, objects }: Verification, state: State | undefined): void {
  const verified = state?.verified?.objects ?? 0;
  if (!proven || objects >= verified) return;
  throw new UserError(
    `${counted(objects, 'object')} would be certified, and ${verified} were verified before. No certificate was written. Run apply again, or find out what became of the others.`,
    EXIT.differences,
  );
}

async function requestOf(
  { aws: { s3 } }: Context<MigrationEvent>,
  path: string,
  state: State | undefined,
  deep: boolean,
): Promise<Omit<VerifyRequest, 'deep'> & { readonly plan: string; readonly isRetired: boolean }> {
  const plan = await readPlan(path);
  const files = planFiles(path);
  const begunElsewhere = (await retirementBegunBy({ s3, ...plan }, plan)) !== undefined;
  return {
    plan: plan.digest,
    source: plan.source,
    destination: plan.destination,
    placement: Placement.of(plan),
    journal: await Journal.open(files.journal, { readOnly: true }),
    stranded: await strandedOf(readManifest(files.manifest, plan)),
    isRetired: false,
    ...verifiedBefore(plan, files, { state, begunElsewhere, deep }),
  };
}
