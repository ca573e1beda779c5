import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Moto, startMoto } from '../../packages/local-aws/__tests__/support/moto';
import { describeWith, MOTO } from '../../packages/local-aws/__tests__/support/requirements';
import { AWS_PROVIDER, TERRAFORM } from '../support/requirements';
import { showPlan, terraformEnvironment } from '../support/terraform';

const run = promisify(execFile);
const REPOSITORY = join(__dirname, '..', '..');
const CDKTF = join(REPOSITORY, 'node_modules', '.bin', 'cdktf');

describeWith([MOTO, TERRAFORM, AWS_PROVIDER], '`npx cdktf plan`, without arguments,', () => {
  let moto: Moto;
  let workspace: string;
  beforeAll(async () => {
    [moto, workspace] = await Promise.all([startMoto(), mkdtemp(join(tmpdir(), 'chroma-pipeline-plan-'))]);
  });
  afterAll(async () => {
    await moto.stop();
    await rm(workspace, { recursive: true, force: true });
  });

  it('shows every resource of the shipped dev environment', async () => {
    const output = join(workspace, 'out');
    const environment = {
      ...terraformEnvironment({ workspace, endpoint: moto.endpoint, region: 'us-east-1' }),
      ENVIRONMENT: 'dev',
      CI: 'true',
    };
    // The provider comes from disk here, and a lock would ask the registry. The output folder keeps the
    // checkout clean. An exit code other than 0 rejects.
    await run(CDKTF, ['plan', '--skip-provider-lock', '--output', output], {
      cwd: REPOSITORY,
      env: environment,
      maxBuffer: 64 * 2 ** 20,
    });
    const stack = join(output, 'stacks', 'chroma-pipeline');
    const { resource } = JSON.parse(await readFile(join(stack, 'cdk.tf.json'), 'utf8')) as {
      resource: Record<string, object>;
    };
    const addresses = Object.entries(resource).flatMap(([type, blocks]) =>
      Object.keys(blocks).map((name) => `${type}.${name}`),
    );
    // What the CLI prints is cut wherever a chunk of Terraform's output ends; the plan file that it leaves is data.
    const planned = (await showPlan(stack, 'plan', environment)).filter(
      ({ actions }) => !actions.includes('read'),
    );
    expect(planned.map(({ address }) => address).sort()).toEqual(addresses.sort());
    expect(planned.filter(({ actions }) => actions.join() !== 'create')).toEqual([]);
    process.stdout.write(
      `npx cdktf plan: ${addresses.length} resources of ${Object.keys(resource).length} types to add\n`,
    );
  });
});
