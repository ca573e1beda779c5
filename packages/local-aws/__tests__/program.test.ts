import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { version } from '../package.json';
import { type LocalAws, listenOnLoopback, startLocalAws } from '../src';

const TSX = pathToFileURL(require.resolve('tsx')).href;
const PROGRAM = ['--import', TSX, join(__dirname, '..', 'src', 'program', 'main.ts')];

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}
const run = (args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Ended> =>
  new Promise((resolve) => {
    execFile(
      process.execPath,
      [...PROGRAM, ...args],
      { env: { ...process.env, ...environment } },
      (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    );
  });

describe('local-aws', () => {
  test('says its version and how it is used', async () => {
    expect((await run(['--version'])).stdout).toBe(`${version}\n`);
    expect((await run(['--help'])).stdout).toContain('Usage: local-aws');
  });

  test.each([
    ['an option that it does not know', ['--colour']],
    ['a port that is not one', ['--port-base', 'low']],
    ['a service that it does not have', ['--services', 'ec2']],
    ['a conformance run without an endpoint', ['conformance']],
    ['an endpoint that is no URL', ['conformance', '--endpoint', 'localhost']],
  ])('ends with 2 for %s', async (_what, args) => {
    const { code, stderr } = await run(args);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: /);
  });

  test('serves what was asked for, in the region and with the state that were given, until Ctrl-C', async () => {
    const state = join(tmpdir(), `state-${process.pid}.json`);
    // With the byte order mark that editors on Windows write.
    await writeFile(state, `\uFEFF${JSON.stringify({ secrets: { 'an-api-key': 'local' } })}`);
    const args = ['--services', 's3', 'controlPlane', '--region', 'eu-west-1', '--state', state];
    const child = spawn(process.execPath, [...PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line);
      if (line.startsWith('Ctrl-C')) break;
    }
    const exported = Object.fromEntries(
      lines.flatMap((line) =>
        [...line.matchAll(/^export (\w+)='(.*)'$/g)].map(([, name, value]) => [name, value]),
      ),
    );
    expect(lines[0]).toBe(`S3${' '.repeat(44)}${exported.AWS_ENDPOINT_URL_S3}`);
    expect(exported.AWS_REGION).toBe('eu-west-1');
    // Nothing leads to a service that is not there, nor to the real AWS.
    expect(exported.AWS_ENDPOINT_URL_SQS).toBe(exported.AWS_ENDPOINT_URL);

    const secrets = new SecretsManagerClient({
      endpoint: exported.AWS_ENDPOINT_URL_SECRETS_MANAGER,
      region: 'eu-west-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
    const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: 'an-api-key' }));
    expect(SecretString).toBe('local');
    secrets.destroy();

    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([0, null]);
    await rm(state);
  });

  test.each([
    ['is not JSON', '{"secrets": '],
    ['is not an object', '[]'],
    ['has an unknown "buckets"', '{"buckets": []}'],
    ['has a "functions" that is no list', '{"functions": {}}'],
    ['has a "secrets" that is no object', '{"secrets": null}'],
    ['cannot be read (ENOENT)', undefined],
  ])('ends with 1 and a sentence for a state that %s', async (what, text) => {
    const state = join(tmpdir(), `state-${process.pid}.json`);
    if (text !== undefined) await writeFile(state, text);
    const { code, stderr } = await run(['--services', 'controlPlane', '--state', state]);
    await rm(state, { force: true });
    expect([code, stderr.trim()]).toEqual([
      1,
      `The state in ${state} ${what}. --state wants a JSON object of "functions" (list), "stateMachines" (list), "mappings" (list), "secrets" (object).`,
    ]);
  });

  test('says which ports it wanted when one is taken', async () => {
    const taken = createServer();
    const port = Number(new URL(await listenOnLoopback(taken)).port);
    const { code, stderr } = await run(['--port-base', String(port), '--services', 's3']);
    expect([code, stderr]).toEqual([
      1,
      `A port from ${port} to ${port + 3} is taken. Choose others with --port-base.\n`,
    ]);
    await new Promise((resolve) => taken.close(resolve));
  });
});

describe('local-aws conformance', () => {
  let aws: LocalAws<'s3' | 'controlPlane'>;
  beforeAll(async () => {
    aws = await startLocalAws({ services: ['s3', 'controlPlane'] });
  });
  afterAll(() => aws.stop());

  test('ends with 0 where every case holds', async () => {
    const { code, stdout, stderr } = await run(
      ['conformance', '--endpoint', aws.endpoints.s3],
      aws.environment,
    );
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^copies +20 of 20 hold$/m);
    expect(stdout).not.toContain('differs');
  });

  test('ends with 1 where a server differs, and names each case', async () => {
    const { code, stdout } = await run(
      ['conformance', '--endpoint', aws.endpoints.controlPlane],
      aws.environment,
    );
    expect(code).toBe(1);
    expect(stdout).toContain('  differs: CopySourceIfMatch refuses another ETag and writes nothing\n');
  });

  test('ends with 1 where nothing answers', async () => {
    // Nobody listens there: an ordinary user may not.
    const endpoint = 'http://127.0.0.1:1';
    expect(await run(['conformance', '--endpoint', endpoint])).toEqual({
      code: 1,
      stdout: '',
      stderr: `Nothing answers at ${endpoint}. Start the server first.\n`,
    });
  });
});
