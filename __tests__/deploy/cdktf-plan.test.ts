import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Moto, startMoto } from '../../packages/local-aws/__tests__/support/moto';
import { describeWith, MOTO } from '../../packages/local-aws/__tests__/support/requirements';
import { loadConfig } from '../../stacks/config';
import { Synthesized } from '../../stacks/synthesized/synthesized';
import { workingDirectory } from '../../stacks/working-directory';
import { AWS_PROVIDER, TERRAFORM } from '../support/requirements';
import { showPlan, terraformEnvironment } from '../support/terraform';

const run = promisify(execFile);
const REPOSITORY = join(__dirname, '..', '..');
const CDKTF = join(REPOSITORY, 'node_modules', '.bin', 'cdktf');

describeWith([MOTO, TERRAFORM, AWS_PROVIDER], '`npx cdktf plan`, without arguments,', () => {
  let moto: Moto;
  let workspace: string;
  let settings: NodeJS.ProcessEnv;
  beforeAll(async () => {
    [moto, workspace] = await Promise.all([startMoto(), mkdtemp(join(tmpdir(), 'chroma-pipeline-plan-'))]);
    const terraform = terraformEnvironment({ workspace, endpoint: moto.endpoint, region: 'us-east-1' });
    // Terraform's own folder lies in the working directory, as it does for whoever types the command.
    settings = { ...terraform, TF_DATA_DIR: undefined, CI: 'true' };
  });
  afterAll(async () => {
    await moto.stop();
    await rm(workspace, { recursive: true, force: true });
  });

  const directory = (environment: string) =>
    join(workspace, 'out', workingDirectory(loadConfig(environment)));

  // What the CLI prints is cut wherever a chunk of Terraform's output ends; the plan file that it leaves is data.
  const planned = async (environment: string) =>
    (await showPlan(directory(environment), 'plan', settings)).filter(
      ({ actions }) => !actions.includes('read'),
    );

  const expectWholePlan = async (environment: string) => {
    const file = join(directory(environment), 'cdk.tf.json');
    const { managed } = new Synthesized(JSON.parse(await readFile(file, 'utf8')));
    const changes = await planned(environment);
    expect(changes.map(({ address }) => address).sort()).toEqual(
      managed.map(({ address }) => address).sort(),
    );
    expect(changes.filter(({ actions }) => actions.join() !== 'create')).toEqual([]);
    return managed;
  };

  // prod after dev: in one checkout, as one team has it.
  it.each(['dev', 'prod'])('shows every resource of the shipped %s environment', async (environment) => {
    // The output folder keeps the checkout clean. An exit code other than 0 rejects.
    await run(CDKTF, ['plan', '--output', join(workspace, 'out')], {
      cwd: REPOSITORY,
      env: { ...settings, ENVIRONMENT: environment },
      maxBuffer: 64 * 2 ** 20,
    });
    const managed = await expectWholePlan(environment);
    const types = new Set(managed.map(({ type }) => type));
    process.stdout.write(
      `npx cdktf plan, ${environment}: ${managed.length} resources of ${types.size} types to add\n`,
    );
  });

  it("leaves the other environment's plan and providers as they were", async () => {
    await expectWholePlan('dev');
  });

  it('takes the provider that the committed lock file names, and adds nothing to it here', async () => {
    const lock = (folder: string) => readFile(join(folder, '.terraform.lock.hcl'), 'utf8');
    const committed = await lock(REPOSITORY);
    expect(committed).toContain('version     = "5.100.0"');
    for (const line of committed.split('\n')) expect(await lock(directory('dev'))).toContain(line);
  });
});
