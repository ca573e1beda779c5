import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { planFiles, whyNotPlanName } from '../../../../cli/migrate-buckets/plan-files/plan-file';
import { type CliHarness, startCliHarness } from '../cli-harness';
import { migrationSetting } from '../migration-setting';

/** B8: one plan must not overwrite the files of another. */
describe('A plan', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'plan-name-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('may not be called what another calls a file of its own, whether or not that is there', () => {
    const { plan, ...others } = planFiles('x.json');
    for (const name of Object.values(others)) {
      expect(whyNotPlanName(name)).toBe(`${name} is what the plan ${plan} calls a file of its own.`);
    }
    for (const name of [
      'x.json',
      'x',
      'x.plan',
      'x.state',
      'manifest.ndjson',
      'lock',
      'x.versions.ndjson.json',
    ]) {
      expect(whyNotPlanName(name)).toBeUndefined();
    }
  });

  it.each([
    ['x', 'x.json'],
    ['x.json', 'x'],
  ])('called %s may not stand beside one called %s', (name, other) => {
    const [path, twin] = [join(folder, name), join(folder, other)];
    // A file of that name may be anything.
    writeFileSync(twin, '{}');
    expect(whyNotPlanName(path)).toBeUndefined();
    writeFileSync(planFiles(twin).manifest, '');
    expect(whyNotPlanName(path)).toBe(
      `The plan ${twin} has the same names for its other files as ${path} would have.`,
    );
    writeFileSync(path, '{}');
    expect(whyNotPlanName(path)).toBeUndefined();
  });

  it('may stand beside one whose name only begins so', () => {
    for (const name of ['x.json.json', 'x.yaml', 'x.manifest.ndjson'])
      writeFileSync(join(folder, name), '{}');
    expect(whyNotPlanName(join(folder, 'x.json'))).toBeUndefined();
  });
});

describe('plan --out', () => {
  let harness: CliHarness;
  beforeAll(async () => {
    harness = await startCliHarness();
  });
  afterAll(() => harness?.stop());

  it('B8: is refused with the name of what another plan has, and leaves that as it is', async () => {
    const { source, destination, plan, makePlan } = await migrationSetting(harness, { a: 'a' });
    expect(await makePlan()).toMatchObject({ code: 0 });
    const files = planFiles(plan);
    const manifest = await harness.read(files.manifest);
    const args = ['plan', '--source', source, '--bucket', source, '--dest', destination, '--out'];
    for (const out of [files.manifest, plan.replace('.json', '')]) {
      const { code, stderr } = await harness.run([...args, out]);
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr: expect.stringMatching(/Name another file with --out\.\n$/),
      });
    }
    expect(await harness.read(files.manifest)).toBe(manifest);
  });
});
