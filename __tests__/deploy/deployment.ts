import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { FunctionPackages } from '../../contracts/functions';
import {
  type EmbeddingEndpoint,
  startEmbeddingEndpoint,
} from '../../demo/embedding-endpoint/embedding-endpoint';
import { packageFunctions } from '../../functions/package';
import { buildApp } from '../../main';
import { type Moto, startMoto } from '../../packages/local-aws/__tests__/support/moto';
import { type ConfigInput, type PipelineConfig, parseConfig } from '../../stacks/config';
import { workingDirectory } from '../../stacks/working-directory';
import { Terraform } from '../support/terraform';

/** One environment of the product on an emulated AWS, deployed by the installed Terraform. */
export interface Deployment {
  readonly terraform: Terraform;
  readonly endpoint: string;
  /** For the SDK's clients, in every function's environment too. */
  readonly awsEnvironment: Readonly<Record<string, string>>;
  readonly config: PipelineConfig;
  /** Synthesizes `main.ts`'s app with these settings on top, and hands it to Terraform. */
  settle(settings?: ConfigInput): Promise<void>;
  /** The ARNs of everything that carries the environment's tags, but for keys in their waiting time. */
  tagged(): Promise<string[]>;
  /** Makes a function that the stack does not know, as an old system has one; returns its name. */
  createLegacyFunction(): Promise<string>;
  stop(): Promise<void>;
}

/** Its name typed out in `ephemeral` is the permission to destroy its data. */
const ENVIRONMENT = 'deployed';
const REGION = 'us-east-1';
const API_KEY = 'key-of-the-stand-in';
const TAGS = { project: 'deploy-test' };
const SECRET_NAME = 'deployed/openai-api-key';

export async function startDeployment(): Promise<Deployment> {
  const workspace = await mkdtemp(join(tmpdir(), 'chroma-pipeline-deploy-'));
  const [moto, embedding] = await Promise.all([startMoto(), startEmbeddingEndpoint({ apiKey: API_KEY })]);
  const terraform = new Terraform({ workspace, endpoint: moto.endpoint, region: REGION });
  const awsEnvironment = {
    AWS_ENDPOINT_URL: moto.endpoint,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: 'testing',
    AWS_SECRET_ACCESS_KEY: 'testing',
  };
  const client = {
    endpoint: moto.endpoint,
    region: REGION,
    credentials: { accessKeyId: 'testing', secretAccessKey: 'testing' },
  };
  const configure = (settings: ConfigInput) =>
    parseConfig({ ...shippedWith(embedding), ...settings }, ENVIRONMENT);
  const config = configure({});
  const packages = await packageFunctions({ architecture: config.functions.architecture });
  await storeApiKey(client);

  let syntheses = 0;
  return {
    terraform,
    endpoint: moto.endpoint,
    awsEnvironment,
    config,
    async settle(settings = {}) {
      const outdir = join(workspace, `synthesis-${syntheses++}`);
      await terraform.init(synthesize(configure(settings), packages, outdir));
    },
    tagged: () => tagged(client),
    createLegacyFunction: () => createLegacyFunction(client),
    async stop() {
      await Promise.all([moto.stop(), embedding.stop()]);
      await rm(workspace, { recursive: true, force: true });
    },
  };
}

/** Everything optional is on, so that everything is deployed once. */
const shippedWith = ({ baseUrl }: EmbeddingEndpoint): ConfigInput => ({
  region: REGION,
  ephemeral: ENVIRONMENT,
  tags: TAGS,
  encryption: { type: 'kms' },
  alarms: { email: 'someone@example.com' },
  embedding: { baseUrl, secretName: SECRET_NAME },
});

function synthesize(config: PipelineConfig, packages: FunctionPackages, outdir: string): string {
  const app = buildApp(config, packages, outdir);
  app.synth();
  return join(outdir, workingDirectory(config));
}

interface ClientOptions {
  readonly endpoint: Moto['endpoint'];
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

async function storeApiKey(options: ClientOptions): Promise<void> {
  const secrets = new SecretsManagerClient(options);
  await secrets.send(new CreateSecretCommand({ Name: SECRET_NAME, SecretString: API_KEY }));
  secrets.destroy();
}

async function createLegacyFunction(options: ClientOptions): Promise<string> {
  const name = 'old-compaction';
  const Role = await createRole(options, name);
  const lambda = new LambdaClient(options);
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName: name,
      Role,
      Runtime: 'nodejs22.x',
      Handler: 'index.handler',
      Timeout: 300,
      Code: { ZipFile: Buffer.from('the old code, which is never run') },
    }),
  );
  lambda.destroy();
  return name;
}

async function createRole(options: ClientOptions, name: string): Promise<string> {
  const trust = {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
    ],
  };
  const answer = await request(options, 'iam', {
    body: new URLSearchParams({
      Action: 'CreateRole',
      Version: '2010-05-08',
      RoleName: name,
      AssumeRolePolicyDocument: JSON.stringify(trust),
    }),
  });
  const [, arn] = /<Arn>([^<]+)<\/Arn>/.exec(answer) ?? [];
  if (arn === undefined) throw new Error(`moto made no role ${name}: ${answer}`);
  return arn;
}

async function tagged(options: ClientOptions): Promise<string[]> {
  const TagFilters = Object.entries(TAGS).map(([Key, value]) => ({ Key, Values: [value] }));
  const answer = await request(options, 'tagging', {
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'ResourceGroupsTaggingAPI_20170126.GetResources',
    },
    body: JSON.stringify({ TagFilters }),
  });
  const { ResourceTagMappingList: found } = JSON.parse(answer) as {
    ResourceTagMappingList: { ResourceARN: string }[];
  };
  return found.map(({ ResourceARN }) => ResourceARN).filter((arn) => !arn.includes(':kms:'));
}

/** One call of a service does not deserve one more SDK client. moto does not check signatures. */
async function request(
  { endpoint, region, credentials }: ClientOptions,
  service: string,
  {
    headers = {},
    body,
  }: { readonly headers?: Record<string, string>; readonly body: string | URLSearchParams },
): Promise<string> {
  const scope = `${credentials.accessKeyId}/20261121/${region}/${service}/aws4_request`;
  const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=none`;
  const response = await fetch(endpoint, { method: 'POST', headers: { ...headers, authorization }, body });
  return response.text();
}
