import { createBucket, put } from '../../support/old-buckets';
import type { CliHarness } from './cli-harness';

let number = 0;

/** Objects by key, or what puts them there. */
type Contents = Readonly<Record<string, string>> | ((source: string) => Promise<unknown>);

/** Two fresh buckets, the names of a plan's files, and the commands that lead from one to the other. */
export async function migrationSetting(harness: CliHarness, objects: Contents = {}) {
  number++;
  const [source, destination] = [`old-${number}`, `new-${number}`];
  await createBucket(harness.s3, source);
  await createBucket(harness.s3, destination);
  if (typeof objects === 'function') await objects(source);
  else for (const [key, body] of Object.entries(objects)) await put(harness.s3, source, key, body);
  const plan = `plan-${number}.json`;
  const planArguments = ['--source', source, '--dest', destination, '--bucket', source, '--out', plan];
  const makePlan = (...more: string[]) => harness.json('plan', ...planArguments, ...more);
  const applyArguments = ['apply', plan, '--confirm', source, '--settle', '0'];
  const apply = (...more: string[]) => harness.json(...applyArguments, ...more);
  /** An apply that ends once the server is examined, at the first delta: the next one does not examine it again. */
  const examine = async () => {
    await harness.admin.inject({
      operation: 'CopyObject',
      keyPrefix: 'lines/',
      fail: 'AccessDenied',
      times: 0,
    });
    expect((await apply()).code).not.toBe(0);
    await harness.admin.clearFaults();
    const state = await harness.read(plan.replace('.json', '.state.json'));
    expect(JSON.parse(state)).toMatchObject({ phase: 'copying', server: { accepted_missing: [] } });
  };
  const verify = () => harness.json('verify', plan);
  /** Without a wait and without state files, which no test has. */
  const retire = (...more: string[]) =>
    harness.json('retire', plan, '--soak', '0', '--accept-unchecked', 'state', '--confirm', source, ...more);
  return { source, destination, plan, makePlan, examine, apply, applyArguments, verify, retire };
}

/** The same, migrated and verified. */
export async function migratedSetting(harness: CliHarness, objects: Contents) {
  const setting = await migrationSetting(harness, objects);
  expect(await setting.makePlan()).toMatchObject({ code: 0 });
  expect(await setting.apply()).toMatchObject({ code: 0 });
  return setting;
}

/** Deltas by number. */
export const numbered = (count: number) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `lines/delta/run-${String(index).padStart(4, '0')}/delta.tar.gz`,
      `body ${index}`,
    ]),
  );
