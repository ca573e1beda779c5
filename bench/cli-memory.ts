/**
 * `npm run bench:cli-memory`: what each command holds in memory at most, by the number of objects in each bucket: the
 * built CLI against the embedded S3, filled with so many objects at once. The peak is the kernel's own (`VmHWM`, Linux
 * only). `OBJECTS=100000,1000000` is the default; the last may take 20 % more than the first and no more than 256 MB,
 * else it fails. A million in three buckets takes the server some 6 GB.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { type LocalAws, s3Admin, startLocalAws } from 'local-aws';

const SIZES = (process.env.OBJECTS ?? '100000,1000000').split(',').map(Number);
const CLI = join(__dirname, '..', 'dist', 'migrate-buckets', 'migrate-buckets.cjs');
const [MEGABYTE, MOST_MEGABYTES, MOST_GROWTH] = [1e6, 256, 1.2];
const SAMPLE_MILLISECONDS = 100;

/** Each but the empty one holds the same objects, or every other of them. */
const BUCKETS = { 'memory-truth': 1, 'memory-half': 2, 'memory-copy': 1, 'memory-empty': undefined } as const;

const SURE = ['--confirm', 'memory-truth'];
/** In this order: what is verified is retired at the end. */
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  authority: ['authority', '--bucket', 'memory-truth', '--bucket', 'memory-half'],
  plan: [
    ...['plan', '--source', 'memory-truth', '--bucket', 'memory-half', '--dest', 'memory-empty'],
    ...['--out', 'copying.json'],
  ],
  replan: [
    ...['plan', '--source', 'memory-truth', '--bucket', 'memory-truth', '--dest', 'memory-copy'],
    ...['--out', 'copied.json'],
  ],
  apply: ['apply', 'copied.json', '--settle', '0', ...SURE],
  verify: ['verify', 'copied.json'],
  report: ['report', 'copied.json'],
  retire: ['retire', 'copied.json', '--soak', '0', '--accept-unchecked', 'state', '--accept-idle', ...SURE],
};

/** The peak of one command in MB. */
async function peakOf(command: readonly string[], aws: LocalAws<'s3' | 'controlPlane'>, folder: string) {
  const child = spawn(process.execPath, [CLI, ...command, '--json'], {
    cwd: folder,
    env: { PATH: process.env.PATH, MIGRATE_BUCKETS_READ_PAUSE: '0', ...aws.environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2000);
  });
  let peak = 0;
  const sampler = setInterval(() => {
    peak = Math.max(peak, highWaterMark(child.pid));
  }, SAMPLE_MILLISECONDS);
  const [code] = (await once(child, 'close')) as [number | null];
  clearInterval(sampler);
  // Nothing here shows which bucket is the truth: authority says so by its 4.
  if (code !== 0 && code !== 4) throw new Error(`${command[0]} ended with ${code}: ${said}`);
  return peak / MEGABYTE;
}

function highWaterMark(pid: number | undefined): number {
  const path = `/proc/${pid}/status`;
  if (!existsSync(path)) return 0;
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(path, 'utf8'))?.[1] ?? 0) * 1024;
}

/** The peak of each command, in its order, with buckets of so many objects. */
async function peaksAt(objects: number): Promise<Readonly<Record<string, number>>> {
  const folder = mkdtempSync(join(tmpdir(), 'cli-memory-'));
  const aws = await startLocalAws({ services: ['s3', 'controlPlane'] });
  const s3 = new S3Client({ ...aws.clientOptions('s3'), forcePathStyle: true });
  try {
    for (const [bucket, every] of Object.entries(BUCKETS)) {
      await s3.send(new CreateBucketCommand({ Bucket: bucket }));
      if (every === undefined) continue;
      const suffix = '/delta.arrow';
      await s3Admin(aws.endpoints.s3).fill({ bucket, prefix: 'lines/delta/run-', suffix, objects, every });
    }
    const peaks: Record<string, number> = {};
    for (const [name, command] of Object.entries(COMMANDS)) {
      const begun = performance.now();
      const peak = await peakOf(command, aws, folder);
      peaks[name] = peak;
      const seconds = ((performance.now() - begun) / 1000).toFixed(0);
      console.log(
        `${name.padEnd(10)}${String(objects).padStart(9)} objects: ${peak.toFixed(0)} MB, ${seconds} s`,
      );
    }
    return peaks;
  } finally {
    s3.destroy();
    await aws.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  execFileSync('npm', ['run', '-s', 'build'], { cwd: join(__dirname, '..'), stdio: 'ignore' });
  // For the server, which holds every object in memory.
  process.env.NODE_OPTIONS = '--max-old-space-size=12000';
  console.log(`Node ${process.version}: peak resident set in MB, by objects a bucket`);
  const measured: Awaited<ReturnType<typeof peaksAt>>[] = [];
  for (const objects of SIZES) measured.push(await peaksAt(objects));
  for (const name of Object.keys(COMMANDS)) {
    const [first = 0, last = 0] = [measured[0]?.[name], measured.at(-1)?.[name]];
    if (last <= MOST_MEGABYTES && last <= first * MOST_GROWTH) continue;
    console.log(`${name}: more than ${MOST_MEGABYTES} MB, or more than ${MOST_GROWTH} times the first`);
    process.exitCode = 1;
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
