import { createBucket, put } from '../../support/old-buckets';
import type { CliHarness } from './cli-harness';

let number = 0;

/** Two fresh buckets, the names of a plan's files, and the commands that plan and apply it. */
export async function migrationSetting(harness: CliHarness, objects: Readonly<Record<string, string>> = {}) {
  number++;
  const [source, destination] = [`old-${number}`, `new-${number}`];
  await createBucket(harness.s3, source);
  await createBucket(harness.s3, destination);
  for (const [key, body] of Object.entries(objects)) await put(harness.s3, source, key, body);
  const plan = `plan-${number}.json`;
  const makePlan = (...more: string[]) =>
    harness.json(
      'plan',
      '--source',
      source,
      '--dest',
      destination,
      '--bucket',
      source,
      '--out',
      plan,
      ...more,
    );
  const applyArguments = ['apply', plan, '--confirm', source, '--settle', '0'];
  const apply = (...more: string[]) => harness.json(...applyArguments, ...more);
  return { source, destination, plan, makePlan, apply, applyArguments };
}

/** Deltas by number. */
export const numbered = (count: number) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `lines/delta/run-${String(index).padStart(4, '0')}/delta.tar.gz`,
      `body ${index}`,
    ]),
  );
