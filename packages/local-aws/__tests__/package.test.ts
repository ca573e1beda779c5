import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { CreateTableCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { LocalAws } from '../src';
import { eventually } from './support/eventually';
import { descendantsOf, isAlive } from './support/processes';

const run = promisify(execFile);
const PACKAGE = join(__dirname, '..');
/** Where the workspace's own installation put a dependency: beside the package, or shared above it. */
const installed = (name: string): string =>
  [PACKAGE, join(PACKAGE, '..', '..')]
    .map((owner) => join(owner, 'node_modules', name))
    .find((path) => existsSync(path)) ?? `${name} is not installed`;

/**
 * A folder of a stranger who installed the tarball. No registry is asked: the tarball is unpacked where npm would
 * unpack it, its command is linked as npm links it, and what it declares as its dependencies, and nothing else,
 * comes from this repository. So a dependency that is not declared is missing here, as it would be there.
 */
let folder: string;
const ending: (() => void)[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stranger-'));
  const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: PACKAGE });
  const modules = join(folder, 'node_modules');
  const own = join(modules, 'local-aws');
  await mkdir(own, { recursive: true });
  await mkdir(join(modules, '.bin'));
  const tarball = join(folder, stdout.trim().split('\n').at(-1) ?? '');
  await run('tar', ['-xzf', tarball, '-C', own, '--strip-components=1']);
  const { dependencies, bin } = JSON.parse(await readFile(join(own, 'package.json'), 'utf8'));
  for (const name of Object.keys(dependencies)) {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(installed(name), join(modules, name));
  }
  await symlink(join('..', 'local-aws', bin['local-aws']), join(modules, '.bin', 'local-aws'));
  await chmod(join(own, bin['local-aws']), 0o755);
});
afterEach(() => {
  for (const end of ending.splice(0)) end();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function started(child: ChildProcess): Promise<Pick<LocalAws, 'endpoints' | 'region' | 'pids'>> {
  if (child.stdout === null) throw new Error('The output is needed.');
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`It ended with ${code}.`)));
  const [line] = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), ended]);
  return JSON.parse(String(line));
}

describe('the package, installed from its tarball', () => {
  test('serves S3, SQS and DynamoDB by `npx local-aws`, and SIGTERM leaves no process', async () => {
    const child = spawn('npx', ['--offline', 'local-aws', '--json'], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
      // A group of its own, of which nothing stays when this test fails.
      detached: true,
    });
    ending.push(() => process.kill(-Number(child.pid), 'SIGKILL'));
    const { endpoints, region, pids } = await started(child);
    const credentials = { accessKeyId: 'stranger', secretAccessKey: 'secret' };
    const options = (endpoint: string) => ({ endpoint, region, credentials });

    const s3 = new S3Client(options(endpoints.s3));
    const place = { Bucket: 'bucket', Key: 'key' };
    await s3.send(new CreateBucketCommand({ Bucket: place.Bucket }));
    await s3.send(new PutObjectCommand({ ...place, Body: 'kept' }));
    const { Body } = await s3.send(new GetObjectCommand(place));
    expect(await Body?.transformToString()).toBe('kept');

    const sqs = new SQSClient(options(endpoints.sqs));
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'queue' }));
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'sent' }));
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
    expect(Messages?.map((message) => message.Body)).toEqual(['sent']);

    const dynamodb = new DynamoDBClient(options(endpoints.dynamodb));
    await dynamodb.send(
      new CreateTableCommand({
        TableName: 'table',
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      }),
    );
    await dynamodb.send(new PutItemCommand({ TableName: 'table', Item: { id: { S: '1' } } }));
    for (const client of [s3, sqs, dynamodb]) client.destroy();

    const all = [...descendantsOf(Number(child.pid)), ...pids];
    expect(all.filter(isAlive)).toEqual(all);
    child.kill('SIGTERM');
    await once(child, 'exit');
    await eventually('every process to be gone', () => !all.some(isAlive));
    ending.pop();
  });

  test('runs the example of its README, whether it is imported or required', async () => {
    await mkdir(join(folder, 'dist', 'orders'), { recursive: true });
    await writeFile(
      join(folder, 'dist', 'orders', 'index.mjs'),
      'export const handler = async ({ Records }) => console.log("got", Records[0].body);',
    );
    const readme = await readFile(join(folder, 'node_modules', 'local-aws', 'README.md'), 'utf8');
    const example = /^```js\n(.*?)^```/ms.exec(readme)?.[1] ?? '';
    const required = example.replaceAll(/^import (.*) from (.*);$/gm, 'const $1 = require($2);');
    await writeFile(join(folder, 'imports.mjs'), example);
    await writeFile(join(folder, 'requires.cjs'), `(async () => { ${required} })();`);
    for (const script of ['imports.mjs', 'requires.cjs']) {
      const { stdout } = await run(process.execPath, [script], { cwd: folder });
      expect(stdout).toBe('got {"id":1}\n1 delivered, 0 failed\n');
    }
  });

  test('tells a server in TypeScript that it needs tsx, which is not one of its dependencies', async () => {
    const script = "require('local-aws').startChildServer({ name: 'own', script: '/server.ts' })";
    await expect(run(process.execPath, ['-e', script], { cwd: folder })).rejects.toThrow(
      '/server.ts is TypeScript, and tsx is not installed. Install it, or name a JavaScript file.',
    );
  });
});
