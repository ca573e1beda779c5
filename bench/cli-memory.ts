/**
 * `npm run bench:cli-memory`: what `authority`, `plan` and `verify` hold in memory at most, by the number of objects
 * in each bucket: the built CLI against an S3 that makes its listings up, so that a million objects need no disk. The
 * peak is the kernel's own (`VmHWM`, Linux only). `OBJECTS=100000,1000000` is the default; the last may take 20 %
 * more than the first and no more than 256 MB, else it fails.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SIZES = (process.env.OBJECTS ?? '100000,1000000').split(',').map(Number);
const CLI = join(__dirname, '..', 'dist', 'migrate-buckets', 'migrate-buckets.cjs');
const PAGE = 1000;
const [MEGABYTE, MOST_MEGABYTES, MOST_GROWTH] = [1e6, 256, 1.2];
const SAMPLE_MILLISECONDS = 100;

/** Every bucket holds the same objects, but for the empty one and the half. */
const BUCKETS = { 'memory-truth': 1, 'memory-half': 2, 'memory-copy': 1, 'memory-empty': 0 } as const;
type Bucket = keyof typeof BUCKETS;

const COMMANDS = {
  authority: ['authority', '--bucket', 'memory-truth', '--bucket', 'memory-half'],
  plan: [
    ...['plan', '--source', 'memory-truth', '--bucket', 'memory-half', '--dest', 'memory-empty'],
    ...['--out', 'memory.json'],
  ],
  verify: ['verify', '--source', 'memory-truth', '--dest', 'memory-copy'],
};

const keyOf = (index: number) => `lines/delta/run-${String(index).padStart(8, '0')}/delta.arrow`;
const indexOf = (key: string) => Number(/run-(\d+)/.exec(key)?.[1] ?? -1);
const etagOf = (index: number) => String(index).padStart(32, '0');

/** One page of a listing, of objects or of versions, of a bucket with so many objects. */
function listing(bucket: Bucket, query: URLSearchParams, objects: number): string {
  const versions = query.has('versions');
  const after = query.get('continuation-token') ?? query.get('key-marker');
  const step = BUCKETS[bucket];
  const prefix = query.get('prefix') ?? '';
  const end = step === 0 || !keyOf(0).startsWith(prefix.slice(0, 12)) ? 0 : objects;
  const rows: string[] = [];
  let index = after === null || after === '' ? 0 : indexOf(after) + step;
  let last = '';
  for (; index < end && rows.length < PAGE; index += step) {
    last = keyOf(index);
    const row = `<Key>${last}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>&quot;${etagOf(index)}&quot;</ETag><Size>${index}</Size><StorageClass>STANDARD</StorageClass>`;
    rows.push(
      versions
        ? `<Version>${row}<VersionId>null</VersionId><IsLatest>true</IsLatest></Version>`
        : `<Contents>${row}</Contents>`,
    );
  }
  const more = index < end;
  const next = versions
    ? `<NextKeyMarker>${last}</NextKeyMarker><NextVersionIdMarker>null</NextVersionIdMarker>`
    : `<NextContinuationToken>${last}</NextContinuationToken>`;
  const name = versions ? 'ListVersionsResult' : 'ListBucketResult';
  return `<?xml version="1.0" encoding="UTF-8"?><${name}><EncodingType>url</EncodingType><IsTruncated>${more}</IsTruncated>${more ? next : ''}${rows.join('')}</${name}>`;
}

/** Answers what the three commands ask of S3; for every other service it is not there. */
function answer(path: string, query: URLSearchParams, response: ServerResponse, objects: number): void {
  const [, bucket = '', ...rest] = path.split('/');
  const key = rest.join('/');
  const send = (status: number, body = '') =>
    response.writeHead(status, { 'content-type': 'application/xml' }).end(body);
  if (!(bucket in BUCKETS)) return void send(bucket === '' ? 403 : 404);
  const index = indexOf(key);
  if (index >= 0 && query.has('tagging')) return void send(200, '<Tagging><TagSet/></Tagging>');
  if (index >= 0) {
    response.setHeader('etag', `"${etagOf(index)}"`);
    return void send(200);
  }
  if (key !== '') return void send(404, '<Error><Code>NoSuchKey</Code></Error>');
  if (query.has('versioning')) return void send(200, '<VersioningConfiguration/>');
  if (query.has('list-type') || query.has('versions')) {
    return void send(200, listing(bucket as Bucket, query, objects));
  }
  send(response.req.method === 'HEAD' ? 200 : 404);
}

/** The peak of one command in MB. */
async function peakOf(command: readonly string[], endpoint: string, folder: string): Promise<number> {
  const child = spawn(process.execPath, [CLI, ...command, '--json'], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'bench',
      AWS_SECRET_ACCESS_KEY: 'bench',
      AWS_ENDPOINT_URL: endpoint,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  let peak = 0;
  const sampler = setInterval(() => {
    peak = Math.max(peak, highWaterMark(child));
  }, SAMPLE_MILLISECONDS);
  const [code] = (await once(child, 'close')) as [number | null];
  clearInterval(sampler);
  // Nothing here shows which bucket is the truth: authority says so by its 4.
  if (code !== 0 && code !== 4) throw new Error(`${command[0]} ended with ${code}: ${said.slice(0, 500)}`);
  return peak / MEGABYTE;
}

function highWaterMark({ pid }: ChildProcess): number {
  const path = `/proc/${pid}/status`;
  if (!existsSync(path)) return 0;
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(path, 'utf8'))?.[1] ?? 0) * 1024;
}

async function main(): Promise<void> {
  execFileSync('npm', ['run', '-s', 'build'], { cwd: join(__dirname, '..'), stdio: 'ignore' });
  const folder = mkdtempSync(join(tmpdir(), 'cli-memory-'));
  let objects = 0;
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://bench');
    answer(decodeURIComponent(url.pathname), url.searchParams, response, objects);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  console.log(`Node ${process.version}: peak resident set in MB, by objects a bucket`);
  try {
    for (const [name, command] of Object.entries(COMMANDS)) {
      const peaks: number[] = [];
      for (objects of SIZES) {
        const begun = performance.now();
        const peak = await peakOf(command, endpoint, folder);
        peaks.push(peak);
        const seconds = ((performance.now() - begun) / 1000).toFixed(0);
        console.log(
          `${name.padEnd(10)}${String(objects).padStart(9)} objects: ${peak.toFixed(0)} MB, ${seconds} s`,
        );
      }
      const [first = 0, last = 0] = [peaks[0], peaks.at(-1)];
      if (last > MOST_MEGABYTES || last > first * MOST_GROWTH) {
        console.log(`${name}: more than ${MOST_MEGABYTES} MB, or more than ${MOST_GROWTH} times the first`);
        process.exitCode = 1;
      }
    }
  } finally {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
