import { z } from 'zod';
import type { Context, Outcome } from '../../shared/context';
import { EXIT } from '../../shared/exit-codes';
import { bad, bytes, duration, good } from '../../shared/reporters/text';
import { UserError } from '../../shared/user-error';
import { type Migration, migrate } from '../apply/migrate';
import { openBucket, whoAmI } from '../aws/bucket';
import { SdkEngine } from '../engine/sdk-engine';
import { withLock } from '../plan-files/lock';
import { type Plan, planFiles, readPlan } from '../plan-files/plan-file';
import { confirm } from './confirmation';
import { number, planArgument, readOptions } from './options';
import { describeVerification } from './verify';

const applyOptions = z.object({
  positional: planArgument,
  confirm: z.string().optional(),
  allowSourceChanges: z.boolean().default(false),
  principal: z.array(z.string().startsWith('arn:', 'a principal is an ARN')).optional(),
  settle: number('the time to settle'),
  concurrency: number('the concurrency').min(1, 'at least one copy is in flight'),
  multipartAbove: number('the size').optional(),
});

/** @public program.ts loads it when the command is called */
export async function run(raw: Readonly<Record<string, unknown>>, context: Context): Promise<Outcome> {
  const { aws, signal, report } = context;
  const options = readOptions(applyOptions, raw);
  const [path] = options.positional;
  const plan = await readPlan(path);
  await openBucket(aws, plan.source);
  await openBucket(aws, plan.destination);
  await confirm(
    context,
    options.confirm,
    [plan.source, plan.digest],
    `Copying to ${plan.destination} freezes the source. Type its name to go on:`,
  );
  const { multipartAbove, concurrency } = options;
  const engine = new SdkEngine(aws.s3, {
    signal,
    concurrency,
    ...(multipartAbove === undefined ? {} : { multipartAbove }),
  });
  const principals = options.principal ?? (await ownPrincipals(context));
  const { allowSourceChanges, settle } = options;
  const files = planFiles(path);
  const migration = await withLock(files.lock, () =>
    migrate(aws, engine, { plan, files, principals, allowSourceChanges, settle }, report, signal),
  );
  return { exitCode: exitCodeOf(migration), data: { ...migration }, text: describe(migration, plan, path) };
}

async function ownPrincipals({ aws }: Context): Promise<readonly string[]> {
  try {
    return (await whoAmI(aws)).principals;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(
      `${error.message} The freeze must exempt you: pass your role's or user's ARN with --principal.`,
    );
  }
}

function exitCodeOf({ failed, verification }: Migration) {
  if (failed.length > 0) return EXIT.incomplete;
  return verification?.proven === true ? EXIT.ok : EXIT.differences;
}

function describe(migration: Migration, plan: Plan, path: string): string {
  const { copied, failed, verification, seconds } = migration;
  const done = `${copied} objects (${bytes(migration.bytes)}) were copied in ${migration.passes} passes and ${duration(seconds)}.`;
  if (failed.length > 0) {
    const shown = failed.slice(0, 20).map(({ key, message }) => `  ${key}: ${message}`);
    return [done, bad(`${failed.length} objects failed. Run apply again to go on.`), ...shown].join('\n');
  }
  if (verification === null) return done;
  const next = verification.proven
    ? good(`Verified. ${plan.source} stays frozen. Next: migrate-buckets retire ${path}`)
    : bad('Not verified. The source was unfrozen; nothing was deleted.');
  return [done, describeVerification(verification), next].join('\n');
}
