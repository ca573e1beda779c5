/**
 * `npm run conformance -- --endpoint URL [--region R]` checks a real endpoint, with the credentials of the usual chain. It makes buckets of its
 * own (`conformance-…`) and removes them. Exit 0 when every case holds, 1 when one does not, 2 on bad usage.
 */
import { parseArgs } from 'node:util';
import { S3Client } from '@aws-sdk/client-s3';
import Table from 'cli-table3';
import { CONFORMANCE } from './cases';
import { Subject } from './subject';

const USAGE = 'npm run conformance -- --endpoint URL [--region REGION]';

async function conformance(endpoint: string, region: string): Promise<number> {
  const client = new S3Client({
    endpoint,
    region,
    // Emulators have one host name for all buckets; AWS does not mind.
    forcePathStyle: true,
  });
  const subject = new Subject(client);
  const table = new Table({ head: ['topic', 'cases', 'hold', 'do not hold'] });
  let broken = 0;
  try {
    for (const [topic, cases] of Object.entries(CONFORMANCE)) {
      const failures: string[] = [];
      for (const { name, check } of cases) {
        await check(subject).catch((error: unknown) => {
          const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
          failures.push(`${name}\n  ${reason}`);
        });
      }
      broken += failures.length;
      table.push([topic, cases.length, cases.length - failures.length, failures.join('\n')]);
    }
  } finally {
    await subject.clean();
    client.destroy();
  }
  process.stdout.write(`${table.toString()}\n`);
  return broken === 0 ? 0 : 1;
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { endpoint: { type: 'string' }, region: { type: 'string' } } });
  if (values.endpoint === undefined) {
    process.stderr.write(`Which endpoint? ${USAGE}\n`);
    return 2;
  }
  return conformance(values.endpoint, values.region ?? process.env.AWS_REGION ?? 'us-east-1');
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}\n`);
    process.exitCode = 2;
  },
);
