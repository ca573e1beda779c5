import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { contents } from '../../../support/old-buckets';
import { type CliHarness, startCliHarness } from '../cli-harness';
import { migrationSetting } from '../migration-setting';

let harness: CliHarness;
let server: Server;
let gateway: { AWS_ENDPOINT_URL_S3: string };

/** What `alias` begins is another name of the same bucket, as the alias of an access point is. */
const named = (text: string) => text.replaceAll('alias-', '');

beforeAll(async () => {
  harness = await startCliHarness();
  const { hostname, port } = new URL(harness.endpoint);
  server = createServer((asked, answer) => {
    const headers = Object.fromEntries(
      Object.entries(asked.headers).map(([name, value]) => [
        name,
        typeof value === 'string' ? named(value) : value,
      ]),
    );
    const sent = { hostname, port, method: asked.method, path: named(asked.url ?? '/'), headers };
    asked.pipe(
      request(sent, (answered) => {
        answer.writeHead(answered.statusCode ?? 500, answered.headers);
        answered.pipe(answer);
      }),
    );
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  gateway = { AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
});
afterAll(async () => {
  server?.closeAllConnections();
  server?.close();
  await harness?.stop();
});

it('a bucket under two names is not proven by itself: apply and doctor notice that they are one', async () => {
  const { source } = await migrationSetting(harness, { a: 'a', b: 'b' });
  const alias = `alias-${source}`;
  const run = (...args: string[]) => harness.run(args, gateway);
  expect((await run('plan', '--source', source, '--dest', alias, '--bucket', source)).code).toBe(0);
  const before = await contents(harness.s3, source);
  for (const args of [
    ['apply', 'plan.json', '--confirm', source, '--settle', '0'],
    ['apply', 'plan.json', '--confirm', source, '--settle', '0', '--no-freeze'],
    ['doctor', '--source', source, '--dest', alias],
  ]) {
    const { code, stderr } = await run(...args);
    expect(stderr).toContain(`${alias} and ${source} are one bucket under two names`);
    expect(code).toBe(6);
  }
  const after = await contents(harness.s3, source);
  expect([...after.keys()].filter((key) => !key.endsWith('/lock.json'))).toEqual([...before.keys()]);
  expect((await harness.json('status', '--source', source)).result).toMatchObject({ frozen: false });
});
