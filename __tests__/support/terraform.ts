import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Synthesized } from '../../stacks/synthesized/synthesized';
import { findAwsProviderMirror } from './aws-provider-mirror';

const run = promisify(execFile);
const MEBIBYTE = 2 ** 20;

/** What a plan would do to one resource. */
export interface PlannedChange {
  readonly address: string;
  readonly type: string;
  /** Terraform's words: `create`, `update`, `delete`, `forget`, `no-op`, `read`; a replacement is two of them. */
  readonly actions: readonly string[];
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
}

export interface TerraformProps {
  /** Where state, plugin links and settings are kept, beside the synthesized files that come and go. */
  readonly workspace: string;
  /** The AWS endpoint that takes every request. */
  readonly endpoint: string;
  readonly region: string;
}

type ShownChange = Pick<PlannedChange, 'address' | 'type'> & {
  readonly change: Pick<PlannedChange, 'actions' | 'before' | 'after'>;
};

interface RefreshOptions {
  /** Whether Terraform looks at each resource first. A test that has changed none may do without. @default true */
  readonly refresh?: boolean;
}

const refresh = ({ refresh: wanted = true }: RefreshOptions = {}): string[] =>
  wanted ? [] : ['-refresh=false'];

/** The provider mostly waits for changes to settle: many waits at once cost nothing. */
const PARALLELISM = '-parallelism=50';

/** Terraform refused or failed. The message is what it said. */
export class TerraformError extends Error {}

/**
 * Makes the workspace, and the environment in which Terraform talks to the emulator and takes its provider
 * from disk. No profile, plug-in cache or setting of whoever runs the tests has a say.
 */
export function terraformEnvironment({ workspace, endpoint, region }: TerraformProps): NodeJS.ProcessEnv {
  const settings = join(workspace, 'terraform.rc');
  mkdirSync(workspace, { recursive: true });
  writeFileSync(settings, cliSettings());
  return {
    PATH: process.env.PATH,
    HOME: workspace,
    TF_CLI_CONFIG_FILE: settings,
    TF_DATA_DIR: join(workspace, 'data'),
    TF_IN_AUTOMATION: '1',
    TF_INPUT: '0',
    CHECKPOINT_DISABLE: '1',
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: 'testing',
    AWS_SECRET_ACCESS_KEY: 'testing',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

/** What the plan file `file` in `directory` would do to each resource, those left out that stay as they are. */
export async function showPlan(
  directory: string,
  file: string,
  environment: NodeJS.ProcessEnv,
): Promise<PlannedChange[]> {
  const shown = await terraform(directory, environment, 'show', '-json', file);
  const { resource_changes: changes = [] } = JSON.parse(shown) as { resource_changes?: ShownChange[] };
  return changes
    .map(({ address, type, change }) => ({ ...change, address, type }))
    .filter(({ actions }) => !actions.every((action) => action === 'no-op'));
}

async function terraform(
  directory: string,
  environment: NodeJS.ProcessEnv,
  ...args: string[]
): Promise<string> {
  try {
    const options = { cwd: directory, env: environment, maxBuffer: 256 * MEBIBYTE };
    return (await run('terraform', args, options)).stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new TerraformError(`terraform ${args[0]} failed:\n${stderr || stdout || String(error)}`);
  }
}

/**
 * Runs the installed Terraform on a synthesized stack against an emulator.
 *
 * The stack is deployed as it was synthesized: what an emulator needs (no credential checks, path-style
 * S3, state in the workspace) is laid over it by an override file, Terraform's own means for that.
 */
export class Terraform {
  private readonly environment: NodeJS.ProcessEnv;
  private directory = '';

  constructor(private readonly props: TerraformProps) {
    this.environment = terraformEnvironment(props);
  }

  /** Takes the stack in `directory` (the folder of its `cdk.tf.json`) and initialises the provider. */
  async init(directory: string): Promise<void> {
    this.directory = directory;
    writeFileSync(join(directory, 'emulator_override.tf.json'), JSON.stringify(this.override(), null, 2));
    await this.terraform('init', '-no-color');
  }

  /** How many resources of each type the synthesized JSON holds. */
  synthesizedCounts(): Map<string, number> {
    const file = join(this.directory, 'cdk.tf.json');
    const { managed } = new Synthesized(JSON.parse(readFileSync(file, 'utf8')));
    const countOf = (type: string) => managed.filter((resource) => resource.type === type).length;
    return new Map(managed.map(({ type }) => [type, countOf(type)]));
  }

  /** What an {@link applyPlan} would do to each resource, those left out that stay as they are. */
  async plan(options?: RefreshOptions): Promise<PlannedChange[]> {
    await this.terraform('plan', '-no-color', `-out=${this.planFile}`, PARALLELISM, ...refresh(options));
    return showPlan(this.directory, this.planFile, this.environment);
  }

  /** Carries out the last {@link plan}. */
  async applyPlan(): Promise<void> {
    await this.terraform('apply', '-no-color', PARALLELISM, this.planFile);
  }

  /** Makes the world as the stack says. */
  async apply(options?: RefreshOptions): Promise<void> {
    await this.terraform('apply', '-no-color', PARALLELISM, '-auto-approve', ...refresh(options));
  }

  /**
   * Destroys everything.
   *
   * @throws {TerraformError} before anything is touched, when a resource may not be destroyed.
   */
  async destroy(options?: RefreshOptions): Promise<void> {
    await this.terraform('destroy', '-no-color', PARALLELISM, '-auto-approve', ...refresh(options));
  }

  /** Addresses of everything that the state holds, data sources left out. */
  async state(): Promise<string[]> {
    const addresses = (await this.terraform('state', 'list')).split('\n');
    return addresses.filter((address) => address !== '' && !address.startsWith('data.'));
  }

  /** The stack's outputs by name. */
  async outputs(): Promise<Record<string, unknown>> {
    const outputs = JSON.parse(await this.terraform('output', '-json')) as Record<string, { value: unknown }>;
    return Object.fromEntries(Object.entries(outputs).map(([name, { value }]) => [name, value]));
  }

  private get planFile(): string {
    return join(this.props.workspace, 'plan');
  }

  private override(): object {
    return {
      terraform: {
        backend: { local: { path: join(this.props.workspace, 'terraform.tfstate') } },
      },
      provider: {
        aws: [
          {
            s3_use_path_style: true,
            skip_credentials_validation: true,
            skip_metadata_api_check: 'true',
            skip_requesting_account_id: false,
          },
        ],
      },
    };
  }

  private terraform(...args: string[]): Promise<string> {
    return terraform(this.directory, this.environment, ...args);
  }
}

/** The provider comes from disk alone: a test must neither wait for a registry nor depend on one. */
function cliSettings(): string {
  const mirror = findAwsProviderMirror();
  if (mirror === undefined) return '';
  return `provider_installation {\n  filesystem_mirror {\n    path = ${JSON.stringify(mirror)}\n  }\n}\n`;
}
