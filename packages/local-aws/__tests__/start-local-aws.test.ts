import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import {
  InvokeCommand,
  LambdaClient,
  ListAliasesCommand,
  ListEventSourceMappingsCommand,
  ListFunctionsCommand,
  ListVersionsByFunctionCommand,
} from '@aws-sdk/client-lambda';
import { CreateBucketCommand, ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import {
  GetSecretValueCommand,
  ListSecretsCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import {
  DescribeStateMachineCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  SFNClient,
} from '@aws-sdk/client-sfn';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { type LocalAws, startLocalAws } from '../src';
import { descendantsOf, isAlive } from './support/processes';

let aws: LocalAws;

beforeAll(async () => {
  aws = await startLocalAws({
    region: 'eu-central-1',
    state: {
      functions: [
        {
          name: 'resizer',
          environment: { BUCKET: 'old-bucket' },
          versions: [{ version: '1', environment: { BUCKET: 'older-bucket' } }],
          aliases: [{ name: 'live', version: '1' }],
        },
      ],
      stateMachines: [
        {
          name: 'nightly',
          definition: '{"StartAt":"Resize"}',
          runningExecutions: [{ name: 'run-1', input: '{}' }],
        },
      ],
      mappings: [{ eventSourceArn: 'arn:aws:sqs:eu-central-1:000000000000:orders', functionName: 'resizer' }],
      secrets: { 'shop/api-key': 'local' },
    },
  });
});
afterAll(() => aws.stop());

describe('the local AWS', () => {
  test('serves S3, SQS and DynamoDB on the loopback interface, in the region that was asked for', async () => {
    for (const endpoint of Object.values(aws.endpoints)) {
      expect(endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    }
    const s3 = new S3Client(aws.clientOptions('s3'));
    await s3.send(new CreateBucketCommand({ Bucket: 'bucket-1' }));
    expect((await s3.send(new ListBucketsCommand({}))).Buckets?.[0]?.Name).toBe('bucket-1');
    const sqs = new SQSClient(aws.clientOptions('sqs'));
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'queue-1' }));
    expect(QueueUrl).toBe(`${aws.endpoints.sqs}/000000000000/queue-1`);
    const dynamodb = new DynamoDBClient(aws.clientOptions('dynamodb'));
    expect((await dynamodb.send(new ListTablesCommand({}))).TableNames).toEqual([]);
    for (const client of [s3, sqs, dynamodb]) client.destroy();
  });

  test('leads every SDK client in a child process to itself by environment alone', async () => {
    const script = `
      const { STSClient, GetCallerIdentityCommand } = require('@aws-sdk/client-sts');
      const { S3Client, CreateBucketCommand, ListObjectsV2Command } = require('@aws-sdk/client-s3');
      const { SQSClient, ListQueuesCommand } = require('@aws-sdk/client-sqs');
      const { DynamoDBClient, ListTablesCommand } = require('@aws-sdk/client-dynamodb');
      const { DynamoDBStreamsClient, ListStreamsCommand } = require('@aws-sdk/client-dynamodb-streams');
      const { SFNClient, ListStateMachinesCommand } = require('@aws-sdk/client-sfn');
      const { LambdaClient, ListFunctionsCommand } = require('@aws-sdk/client-lambda');
      const { SecretsManagerClient, GetSecretValueCommand } = require('@aws-sdk/client-secrets-manager');
      (async () => {
        const s3 = new S3Client({});
        await s3.send(new CreateBucketCommand({ Bucket: 'from-child' }));
        await s3.send(new ListObjectsV2Command({ Bucket: 'from-child' }));
        await new SQSClient({}).send(new ListQueuesCommand({}));
        await new DynamoDBClient({}).send(new ListTablesCommand({}));
        await new DynamoDBStreamsClient({}).send(new ListStreamsCommand({}));
        await new SFNClient({}).send(new ListStateMachinesCommand({}));
        await new LambdaClient({}).send(new ListFunctionsCommand({}));
        const SecretId = 'shop/api-key';
        await new SecretsManagerClient({}).send(new GetSecretValueCommand({ SecretId }));
        const { Account } = await new STSClient({}).send(new GetCallerIdentityCommand({}));
        console.log(Account);
      })();`;
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['-e', script], {
      cwd: join(__dirname, '../..'),
      env: { PATH: process.env.PATH, AWS_PROFILE: 'a-profile-of-the-user', ...aws.environment },
    });
    expect([stdout.trim(), stderr]).toEqual(['000000000000', '']);
  });

  test('shows the functions that it was told of, with their versions, aliases and mappings', async () => {
    const lambda = new LambdaClient(aws.clientOptions('controlPlane'));
    const bucketsOf = (functions: { Environment?: { Variables?: Record<string, string> } }[] = []) =>
      functions.map(({ Environment }) => Environment?.Variables?.BUCKET);
    const FunctionName = 'resizer';
    const listed = await lambda.send(new ListFunctionsCommand({}));
    expect(bucketsOf(listed.Functions)).toEqual(['old-bucket']);
    const all = await lambda.send(new ListFunctionsCommand({ FunctionVersion: 'ALL' }));
    expect(bucketsOf(all.Functions)).toEqual(['old-bucket', 'older-bucket']);
    const versions = await lambda.send(new ListVersionsByFunctionCommand({ FunctionName }));
    expect(versions.Versions?.map(({ Version }) => Version)).toEqual(['$LATEST', '1']);
    const { Aliases } = await lambda.send(new ListAliasesCommand({ FunctionName }));
    expect(Aliases).toMatchObject([{ Name: 'live', FunctionVersion: '1' }]);
    const { EventSourceMappings } = await lambda.send(new ListEventSourceMappingsCommand({}));
    expect(EventSourceMappings).toMatchObject([{ State: 'Enabled' }]);
    await expect(lambda.send(new InvokeCommand({ FunctionName }))).rejects.toMatchObject({
      $metadata: { httpStatusCode: 501 },
    });
  });

  test('shows an error in place of an environment that the caller may not decrypt', async () => {
    const lambda = new LambdaClient(aws.clientOptions('controlPlane'));
    const environmentError = { code: 'AccessDeniedException', message: 'Denied by KMS.' };
    await aws.declare({ functions: [{ name: 'sealed', environment: { A: 'b' }, environmentError }] });
    const { Functions = [] } = await lambda.send(new ListFunctionsCommand({}));
    expect(Functions.find(({ FunctionName }) => FunctionName === 'sealed')?.Environment).toEqual({
      Error: { ErrorCode: 'AccessDeniedException', Message: 'Denied by KMS.' },
    });
    await aws.withdraw('sealed');
  });

  test('shows the state machines that it was told of, and what runs', async () => {
    const sfn = new SFNClient(aws.clientOptions('controlPlane'));
    const { stateMachines } = await sfn.send(new ListStateMachinesCommand({}));
    const stateMachineArn = stateMachines?.[0]?.stateMachineArn;
    expect((await sfn.send(new DescribeStateMachineCommand({ stateMachineArn }))).definition).toContain(
      'Resize',
    );
    const running = await sfn.send(new ListExecutionsCommand({ stateMachineArn, statusFilter: 'RUNNING' }));
    expect(running.executions?.map(({ name }) => name)).toEqual(['run-1']);
    const failed = await sfn.send(new ListExecutionsCommand({ stateMachineArn, statusFilter: 'FAILED' }));
    expect(failed.executions).toEqual([]);
  });

  test('gives a secret by name, nothing for another name, and 501 for every other request', async () => {
    const secrets = new SecretsManagerClient(aws.clientOptions('controlPlane'));
    const read = (SecretId: string) => secrets.send(new GetSecretValueCommand({ SecretId }));
    expect((await read('shop/api-key')).SecretString).toBe('local');
    await expect(read('other')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await expect(secrets.send(new ListSecretsCommand({}))).rejects.toMatchObject({
      $metadata: { httpStatusCode: 501 },
    });
  });

  test('is told more later, and of what is gone', async () => {
    const lambda = new LambdaClient(aws.clientOptions('controlPlane'));
    const names = async () =>
      (await lambda.send(new ListFunctionsCommand({}))).Functions?.map(({ FunctionName }) => FunctionName);
    await aws.declare({ functions: [{ name: 'new', environment: {} }] });
    expect(await names()).toEqual(['resizer', 'new']);
    await aws.withdraw('new');
    expect(await names()).toEqual(['resizer']);
  });

  test('starts only what is asked for, and leads nowhere else', async () => {
    const part = await startLocalAws({ services: ['s3'] });
    expect(Object.keys(part.endpoints)).toEqual(['s3']);
    expect(part.pids).toHaveLength(1);
    expect(part.environment).toMatchObject({
      AWS_ENDPOINT_URL_S3: part.endpoints.s3,
      AWS_ENDPOINT_URL_SQS: 'http://127.0.0.1:1',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
    });
    await expect(part.declare({})).rejects.toThrow('There is no control plane to declare anything to.');
    await part.stop();
  });

  test('leaves nothing running when it is told of an account that it has no place for', async () => {
    const before = descendantsOf(process.pid);
    await expect(startLocalAws({ services: ['s3'], state: { secrets: {} } })).rejects.toThrow(
      'Add controlPlane to the services.',
    );
    const left = descendantsOf(process.pid).filter((pid) => !before.includes(pid) && isAlive(pid));
    expect(left).toEqual([]);
  });

  test('says who the caller is', async () => {
    const sts = new STSClient(aws.clientOptions('controlPlane'));
    expect(await sts.send(new GetCallerIdentityCommand({}))).toMatchObject({
      Account: aws.accountId,
      Arn: `arn:aws:iam::${aws.accountId}:user/local`,
    });
  });
});

test.each([
  ['a service that there is none of', { services: ['ec2'] }, 'There is no local service "ec2". There are '],
  ['a port of one', { ports: { ec2: 1 } }, 'There is no local service "ec2". There are '],
  ['a port that is none', { ports: { s3: 65_536 } }, 'The port of s3 is 65536. It is a whole number from 0'],
])('startLocalAws refuses %s in a sentence', async (_what, options, sentence) => {
  // As from JavaScript, where no compiler refuses it first.
  await expect(startLocalAws(options as object)).rejects.toThrow(sentence);
});
