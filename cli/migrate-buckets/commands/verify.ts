import { z } from 'zod';
import type { Context, Outcome } from '../../shared/context';
import { EXIT } from '../../shared/exit-codes';
import { bad, bytes, faint, good, table } from '../../shared/reporters/text';
import { UserError } from '../../shared/user-error';
import { openBucket } from '../aws/bucket';
import { Journal } from '../plan-files/journal';
import { planFiles, readManifest, readPlan } from '../plan-files/plan-file';
import { strandedOf } from '../plan-files/staleness';
import { LEVELS } from '../verification/levels';
import { type Verification, type VerifyRequest, verifyBuckets } from '../verification/verify';
import { readOptions } from './options';

const verifyOptions = z.object({
  positional: z.array(z.string()),
  source: z.string().optional(),
  dest: z.string().optional(),
  deep: z.boolean().default(false),
});

/** @public program.ts loads it when the command is called */
export async function run(raw: Readonly<Record<string, unknown>>, context: Context): Promise<Outcome> {
  const { aws, signal, report } = context;
  const request = await requestOf(readOptions(verifyOptions, raw));
  await openBucket(aws, request.source);
  await openBucket(aws, request.destination);
  const verification = await verifyBuckets(aws.s3, request, report, signal);
  return {
    exitCode: verification.proven ? EXIT.ok : EXIT.differences,
    data: { source: request.source, destination: request.destination, ...verification },
    text: describeVerification(verification),
  };
}

async function requestOf(options: z.infer<typeof verifyOptions>): Promise<VerifyRequest> {
  const { source, dest, deep } = options;
  const [path] = options.positional;
  if (path === undefined) {
    if (source !== undefined && dest !== undefined) return { source, destination: dest, deep };
    throw new UserError('verify takes a plan, or --source and --dest.', EXIT.usage);
  }
  const plan = await readPlan(path);
  const files = planFiles(path);
  return {
    source: plan.source,
    destination: plan.destination,
    deep,
    journal: await Journal.open(files.journal, { readOnly: true }),
    stranded: await strandedOf(readManifest(files.manifest, plan)),
  };
}

const MEANING: Record<(typeof LEVELS)[number], string> = {
  P4: "has the application's own hash",
  P3: 'same ETag, or every byte compared',
  P2: 'copied by us under an ETag pin',
  P1: 'same size, nothing more',
  P0: 'missing or different',
};

/** A verification for people. */
export function describeVerification(verification: Verification): string {
  const { levels, problems, problemCount, decoys, extra, objects } = verification;
  return [
    table(
      ['level', 'what it means', 'objects', 'size'],
      LEVELS.map((level) => [level, MEANING[level], levels[level].objects, bytes(levels[level].bytes)]),
    ),
    ...(decoys > 0
      ? [faint(`${decoys} decoys of the old infrastructure are no data and were not copied.`)]
      : []),
    ...(extra > 0 ? [faint(`${extra} objects are only at the destination; they were left alone.`)] : []),
    problemCount === 0
      ? good(`All ${objects} objects are proven.`)
      : bad(`${problemCount} of ${objects} objects are missing, different or unproven:`),
    ...problems.slice(0, 20).map(({ key, level, why }) => `  ${level} ${key}: ${why}`),
    ...(problemCount > 20 ? [`  and ${problemCount - 20} more (--json names a hundred)`] : []),
  ].join('\n');
}
