/**
 * How fast `migrate-buckets` copies, as a ratio against `aws s3 sync` on the same embedded S3 in the same run:
 * `npm run bench:copy [objects]`. Absolute numbers say little (both clients and the server share the machine's
 * cores); the ratio says which client costs less. Where the AWS CLI is missing, only our own figure is shown.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { startLocalAws } from 'local-aws';
import { median } from './median';

const OBJECTS = Number(process.argv[2] ?? 3000);
const ROUNDS = 3;
const CLI = join(__dirname, '..', 'cli', 'migrate-buckets', 'migrate-buckets.cjs');

async function main(): Promise<void> {
  const aws = await startLocalAws({ services: ['s3', 'controlPlane'] });
  const folder = await mkdtemp(join(tmpdir(), 'bench-copy-'));
  const s3 = new S3Client({ ...aws.clientOptions('s3'), forcePathStyle: true });
  const environment = { ...process.env, ...aws.environment };
  const bucket = (name: string) => s3.send(new CreateBucketCommand({ Bucket: name }));
  /** Seconds that a command takes. */
  const time = async (command: string, args: readonly string[]): Promise<number> => {
    const started = performance.now();
    const child = spawn(command, args, {
      env: environment,
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}.`);
    return (performance.now() - started) / 1000;
  };
  const copied = async (name: string): Promise<number> => {
    let count = 0;
    let token: string | undefined;
    do {
      const page = await s3.send(new ListObjectsV2Command({ Bucket: name, ContinuationToken: token }));
      count += page.KeyCount ?? 0;
      token = page.NextContinuationToken;
    } while (token !== undefined);
    return count;
  };

  try {
    await bucket('source');
    await fill(s3, 'source');
    const hasAws = spawnSync('aws', ['--version'], { stdio: 'ignore' }).status === 0;
    const [ours, theirs]: [number[], number[]] = [[], []];
    for (let round = 1; round <= ROUNDS; round++) {
      const mine = `ours-${round}`;
      await bucket(mine);
      await time(process.execPath, [
        CLI,
        'plan',
        '--source',
        'source',
        '--bucket',
        'source',
        '--dest',
        mine,
        '--out',
        `${mine}.json`,
      ]);
      const applyArguments = [
        'apply',
        `${mine}.json`,
        '--confirm',
        'source',
        '--settle',
        '0',
        '--read-pause',
        '0',
        '--principal',
        'arn:aws:iam::000000000000:user/local',
      ];
      ours.push(await time(process.execPath, [CLI, ...applyArguments]));
      if ((await copied(mine)) !== OBJECTS) throw new Error('migrate-buckets did not copy everything.');
      await time(process.execPath, [CLI, 'unfreeze', `${mine}.json`, '--read-pause', '0']);
      if (!hasAws) continue;
      const peer = `theirs-${round}`;
      await bucket(peer);
      theirs.push(await time('aws', ['s3', 'sync', 's3://source', `s3://${peer}`, '--only-show-errors']));
      if ((await copied(peer)) !== OBJECTS) throw new Error('aws s3 sync did not copy everything.');
    }
    report(median(ours), hasAws ? median(theirs) : undefined);
  } finally {
    await aws.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function fill(s3: S3Client, name: string): Promise<void> {
  const keys = Array.from(
    { length: OBJECTS },
    (_, index) => `lines/delta/run-${String(index).padStart(6, '0')}/delta.arrow`,
  );
  const writer = async () => {
    for (let key = keys.pop(); key !== undefined; key = keys.pop()) {
      await s3.send(new PutObjectCommand({ Bucket: name, Key: key, Body: Buffer.from(key) }));
    }
  };
  await Promise.all(Array.from({ length: 16 }, writer));
}

function report(ours: number, theirs: number | undefined): void {
  const line = (name: string, seconds: number) =>
    console.log(`${name.padEnd(24)} ${seconds.toFixed(2)} s  ${Math.round(OBJECTS / seconds)} objects/s`);
  console.log(`${OBJECTS} small objects, median of ${ROUNDS} rounds, process start included:`);
  line('migrate-buckets apply', ours);
  if (theirs === undefined) {
    console.log('aws s3 sync              not measured: the AWS CLI is not installed');
    return;
  }
  line('aws s3 sync', theirs);
  console.log(
    `apply takes ${(ours / theirs).toFixed(2)} of the time of sync. Apply alone also pins every copy to an ETag,`,
  );
  console.log('keeps tags, freezes the source, lists both sides twice more and verifies object by object.');
}

void main();
