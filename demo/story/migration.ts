import { readFile } from 'node:fs/promises';
import { resultSchemas } from '../../contracts/migrate-buckets/output';
import type { OldBuckets } from '../old-system/old-buckets';
import { migrateBuckets } from './command';
import type { Story, Teller } from './story';

export interface MigrationSurroundings {
  readonly old: OldBuckets;
  /** The new shared bucket. */
  readonly destination: string;
  readonly planPath: string;
  readonly certificatePath: string;
  /** Where the report goes, for whoever ran the demo. */
  readonly reportPath: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** Runs a command as a user would type it, and says it. */
const running =
  ({ planPath, certificatePath, environment, signal }: MigrationSurroundings) =>
  (step: Teller, args: readonly string[], expected = 0) => {
    const typed = args.join(' ').replaceAll(planPath, 'plan.json');
    step.say(`$ npx migrate-buckets ${typed.replaceAll(certificatePath, 'certificate.json')}`);
    return migrateBuckets(args, expected, environment, signal);
  };

const kibibytes = (bytes: number): string => `${(bytes / 1024).toFixed(0)} KiB`;

/** Discover, decide, plan, copy and verify, each with the command that a user would type. */
export async function migrate(story: Story, surroundings: MigrationSurroundings): Promise<void> {
  const { old, destination, planPath } = surroundings;
  const run = running(surroundings);

  await story.step('Which bucket is the truth?', async (step) => {
    const { candidates } = resultSchemas.discover.parse((await run(step, ['discover'])).at(-1));
    for (const { name, evidence } of candidates) step.say(`${name}: ${evidence.join(' ')}`);
    const found = candidates.map(({ name }) => name);
    step.check(
      'Both old buckets are found',
      found.includes(old.truth) && found.includes(old.decoy),
      `${found.length} candidates`,
    );

    const search = ['--bucket', old.truth, '--bucket', old.decoy, '--name', 'chromadb-*'];
    const authority = resultSchemas.authority.parse((await run(step, ['authority', ...search])).at(-1));
    const { winner, reasons, signals, stranded } = authority;
    for (const { name, values, best } of signals) {
      step.say(`${name}: ${best.join(' and ')} (${Object.values(values).join(' / ')})`);
    }
    for (const reason of reasons) step.say(`→ ${reason}`);
    for (const { bucket, key } of stranded) step.say(`! only in ${bucket}, compacted by nobody: ${key}`);
    step.fact('authority', authority);
    step.check('The truth is chosen by its evidence', winner === old.truth, String(winner));
    step.check(
      'The stranded deltas are named',
      old.strandedKeys.every((key) => stranded.some((each) => each.key === key)),
      `${stranded.length} found`,
    );
  });

  await story.step('Plan the migration', async (step) => {
    const args = ['plan', '--name', 'chromadb-*', '--dest', destination, '--out', planPath];
    const [refusal] = (await run(step, args, 6)).slice(-1);
    const message = refusal?.event === 'error' ? refusal.message : '';
    step.say(message);
    step.check(
      'A plan that would lose the stranded deltas is refused',
      old.strandedKeys.every((key) => message.includes(key)),
      `${old.strandedKeys.length} named`,
    );

    const planned = resultSchemas.plan.parse((await run(step, [...args, '--include-stranded'])).at(-1));
    const { plan } = resultSchemas.show.parse((await run(step, ['show', planPath])).at(-1));
    const { actions, digest, stranded, estimated_cost: cost } = plan;
    step.say(
      `${actions.copy.objects} objects (${kibibytes(actions.copy.bytes)}) to copy, ${actions.skip.objects} decoys to leave behind; on AWS about $${cost.toFixed(4)}.`,
    );
    step.fact('plan', plan);
    step.check(
      'The plan takes the stranded deltas along',
      stranded.included === old.strandedKeys.length,
      `${stranded.included} included`,
    );
    step.check(
      'The plan that is shown is the plan that was made',
      digest === planned.plan?.digest,
      `digest ${digest.slice(0, 12)}…`,
    );
  });

  await story.step('Copy, freeze, catch up', async (step) => {
    const lines = await run(step, ['apply', planPath, '--confirm', old.truth, '--settle', '0']);
    for (const line of lines) if (line.event !== 'result') step.say(line.message);
    const applied = resultSchemas.apply.parse(lines.at(-1));
    const { copied, failed, passes, seconds, verification } = applied;
    step.fact('apply', applied);
    step.check(
      'Every object is copied and the copy is verified',
      failed.length === 0 && verification?.proven === true,
      `${copied} copied in ${passes} passes and ${seconds.toFixed(1)} s`,
    );
  });

  await story.step('Prove the copy by another listing', async (step) => {
    const args = ['verify', planPath, '--certificate', surroundings.certificatePath];
    const verified = resultSchemas.verify.parse((await run(step, args)).at(-1));
    const { levels, objects, problem_count: problems, proven } = verified;
    for (const [level, { objects: count }] of Object.entries(levels)) {
      if (count > 0) step.say(`${level}: ${count} objects`);
    }
    step.fact('verification', verified);
    step.check('Every object is proven', proven, `${objects - problems} of ${objects}`);
  });
}

/** Retires the old bucket: refused while something still names it, done once nothing does. */
export async function retire(
  story: Story,
  surroundings: MigrationSurroundings,
  removeOldFunctions: () => Promise<void>,
  objectsLeft: () => Promise<number>,
): Promise<void> {
  const { old, planPath } = surroundings;
  const run = running(surroundings);
  await story.step('Retire the old bucket', async (step) => {
    const args = ['retire', planPath, '--soak', '0', '--accept-unchecked', 'state', '--confirm', old.truth];
    const refused = resultSchemas.retire.parse((await run(step, args, 6)).at(-1));
    const failed = refused.gates.filter(({ passed }) => !passed);
    for (const { name, evidence } of failed) step.say(`${name} fails: ${evidence}`);
    step.check(
      'It is refused while an old function still names the bucket',
      failed.some(({ name }) => name === 'lambda'),
      failed.map(({ name }) => name).join(', '),
    );

    await removeOldFunctions();
    step.say('The old functions are removed.');
    const retired = resultSchemas.retire.parse((await run(step, args)).at(-1));
    for (const { name, evidence } of retired.gates) step.say(`${name}: ${evidence}`);
    const left = await objectsLeft();
    step.fact('retired', retired);
    step.check(
      'The old bucket is emptied and its name kept',
      left === 0 && retired.retired?.bucket_deleted === false,
      `${left} objects left`,
    );
  });
}

/** What remains once the old bucket is empty: a page that says why that was safe, and a proof for others. */
export async function account(story: Story, surroundings: MigrationSurroundings): Promise<void> {
  const { certificatePath, planPath, reportPath } = surroundings;
  const run = running(surroundings);
  await story.step('Why that was safe', async (step) => {
    const against = ['verify', '--against', certificatePath];
    const checked = resultSchemas['verify-against'].parse((await run(step, against)).at(-1));
    const { same, moved_on: movedOn, objects, proven } = checked;
    for (const { key, why } of movedOn) step.say(`${key}: ${why}`);
    step.check(
      'The new bucket is proven without the old one, by the certificate alone',
      proven,
      `${same} of ${objects} as certified, ${movedOn.length} pointers moved on by the pipeline`,
    );

    const args = ['report', planPath, '--out', reportPath];
    const { report } = resultSchemas.report.parse((await run(step, args)).at(-1));
    const { verdict, proof, retirement } = report;
    for (const each of [verdict.sentence, ...verdict.evidence, ...verdict.concerns]) step.say(each);
    step.fact('verdict', verdict);
    const page = await readFile(reportPath, 'utf8');
    step.check(
      'One page says why it was safe, with the proofs and the gates',
      verdict.standing === 'retired' &&
        page.includes('Why it was safe') &&
        proof?.objects === objects &&
        retirement?.gates.every(({ name }) => page.includes(name)) === true,
      `${reportPath}, ${kibibytes(page.length)}`,
    );
  });
}
