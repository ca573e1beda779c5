import type { OldBuckets } from '../old-system/old-buckets';
import { type CommandResult, migrateBuckets } from './command';
import type { Story, Teller } from './story';

export interface MigrationSurroundings {
  readonly old: OldBuckets;
  /** The new shared bucket. */
  readonly destination: string;
  readonly planPath: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

interface Candidate {
  readonly name: string;
  readonly evidence: readonly string[];
}

interface Signal {
  readonly name: string;
  readonly values: Readonly<Record<string, string | number>>;
  readonly best: readonly string[];
}

interface Verification {
  readonly objects: number;
  readonly bytes: number;
  readonly levels: Readonly<Record<string, { readonly objects: number }>>;
  readonly proven: boolean;
}

const kibibytes = (bytes: number): string => `${(bytes / 1024).toFixed(0)} KiB`;

/** Discover, decide, plan, copy and verify, each with the command that a user would type. */
export async function migrate(story: Story, surroundings: MigrationSurroundings): Promise<void> {
  const { old, destination, planPath } = surroundings;
  const run = async (step: Teller, args: readonly string[], expected = 0): Promise<CommandResult> => {
    step.say(`$ npx migrate-buckets ${args.join(' ').replaceAll(planPath, 'plan.json')}`);
    return migrateBuckets(args, expected, surroundings.environment, surroundings.signal);
  };

  await story.step('Which bucket is the truth?', async (step) => {
    const discovered = await run(step, ['discover']);
    const candidates = (discovered.result.candidates ?? []) as readonly Candidate[];
    for (const { name, evidence } of candidates) step.say(`${name}: ${evidence.join(' ')}`);
    const found = candidates.map(({ name }) => name);
    step.check(
      'Both old buckets are found',
      found.includes(old.truth) && found.includes(old.decoy),
      `${found.length} candidates`,
    );

    const judged = await run(step, [
      'authority',
      '--bucket',
      old.truth,
      '--bucket',
      old.decoy,
      '--name',
      'chromadb-*',
    ]);
    for (const { name, values, best } of (judged.result.signals ?? []) as readonly Signal[]) {
      step.say(`${name}: ${best.join(' and ')} (${Object.values(values).join(' / ')})`);
    }
    for (const reason of (judged.result.reasons ?? []) as readonly string[]) step.say(`→ ${reason}`);
    const stranded = (judged.result.stranded ?? []) as readonly { bucket: string; key: string }[];
    for (const { bucket, key } of stranded) step.say(`! only in ${bucket}, compacted by nobody: ${key}`);
    step.fact('authority', judged.result);
    step.check(
      'The truth is chosen by its evidence',
      judged.result.winner === old.truth,
      String(judged.result.winner),
    );
    step.check(
      'The stranded deltas are named',
      old.strandedKeys.every((key) => stranded.some((each) => each.key === key)),
      `${stranded.length} found`,
    );
  });

  await story.step('Plan the migration', async (step) => {
    const search = ['--name', 'chromadb-*'];
    const refused = await run(step, ['plan', ...search, '--dest', destination, '--out', planPath], 6);
    step.say(String(refused.result.message));
    step.check(
      'A plan that would lose the stranded deltas is refused',
      refused.exitCode === 6,
      `exit ${refused.exitCode}`,
    );

    const planned = await run(step, [
      'plan',
      ...search,
      '--dest',
      destination,
      '--include-stranded',
      '--out',
      planPath,
    ]);
    const {
      actions,
      digest,
      estimated_cost: cost,
    } = planned.result as {
      actions: { copy: { objects: number; bytes: number }; skip: { objects: number } };
      digest: string;
      estimated_cost: number;
    };
    step.say(
      `${actions.copy.objects} objects (${kibibytes(actions.copy.bytes)}) to copy, ${actions.skip.objects} decoys to leave behind; on AWS about $${cost.toFixed(4)}.`,
    );
    step.fact('plan', planned.result);
    step.check('The plan is made', planned.exitCode === 0, `digest ${digest.slice(0, 12)}…`);
    const shown = await run(step, ['show', planPath]);
    step.check('The plan can be shown', shown.exitCode === 0, `exit ${shown.exitCode}`);
  });

  await story.step('Copy, freeze, catch up', async (step) => {
    const applied = await run(step, ['apply', planPath, '--confirm', old.truth, '--settle', '0']);
    for (const { event, message } of applied.events) {
      if (event !== 'result' && typeof message === 'string') step.say(message);
    }
    const { copied = 0, passes = 0, seconds = 0 } = applied.result as Record<string, number>;
    step.fact('apply', applied.result);
    step.check(
      'Every object is copied and the copy is verified',
      applied.exitCode === 0,
      `${copied} copied in ${passes} passes and ${seconds.toFixed(1)} s`,
    );
  });

  await story.step('Prove the copy by another listing', async (step) => {
    const verified = await run(step, ['verify', planPath]);
    const { levels, objects, proven } = verified.result as unknown as Verification;
    for (const [level, { objects: count }] of Object.entries(levels)) {
      if (count > 0) step.say(`${level}: ${count} objects`);
    }
    step.fact('verification', verified.result);
    step.check('Every object is proven', verified.exitCode === 0 && proven, `${objects} of ${objects}`);
  });
}

/** Retires the old bucket: refused while something still names it, done once nothing does. */
export async function retire(
  story: Story,
  { old, planPath, environment, signal }: MigrationSurroundings,
  removeOldFunctions: () => Promise<void>,
  objectsLeft: () => Promise<number>,
): Promise<void> {
  await story.step('Retire the old bucket', async (step) => {
    const args = ['retire', planPath, '--soak', '0', '--accept-unchecked', 'state', '--confirm', old.truth];
    const shown = `$ npx migrate-buckets ${args.join(' ').replaceAll(planPath, 'plan.json')}`;
    step.say(shown);
    const refused = await migrateBuckets(args, 6, environment, signal);
    const gates = (refused.result.gates ?? []) as readonly {
      name: string;
      passed: boolean;
      evidence: string;
    }[];
    const failed = gates.filter(({ passed }) => !passed);
    for (const { name, evidence } of failed) step.say(`${name} fails: ${evidence}`);
    step.check(
      'It is refused while an old function still names the bucket',
      refused.exitCode === 6 && failed.some(({ name }) => name === 'lambda'),
      `exit ${refused.exitCode}`,
    );

    await removeOldFunctions();
    step.say('The old functions are removed.');
    step.say(shown);
    const retired = await migrateBuckets(args, 0, environment, signal);
    for (const { name, evidence } of (retired.result.gates ?? []) as typeof gates)
      step.say(`${name}: ${evidence}`);
    const left = await objectsLeft();
    step.fact('retired', retired.result);
    step.check(
      'The old bucket is emptied and its name kept',
      retired.exitCode === 0 && left === 0,
      `exit ${retired.exitCode}, ${left} objects left`,
    );
  });
}
