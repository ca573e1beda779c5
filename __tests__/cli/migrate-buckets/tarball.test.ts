import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';
import { makeSnapshot } from '../../support/chroma-snapshots';
import { contents, createBucket, put, putDelta, putSnapshot } from '../../support/old-buckets';
import { type CliHarness, startCliHarness } from './cli-harness';

const REPOSITORY = join(__dirname, '..', '..', '..');
const [OLD, NEW] = ['receipts-chromadb-old', 'receipts-chroma-new'];
const run = promisify(execFile);

let folder: string;
let tarball: string;
let installed: string;
let harness: CliHarness;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tarball-'));
  const [stranger, path] = [join(folder, 'stranger'), join(folder, 'path')];
  await Promise.all([mkdir(stranger), mkdir(path)]);
  await symlink(process.execPath, join(path, 'node'));
  const packed = await run('npm', ['run', 'pack:cli'], { cwd: REPOSITORY });
  tarball = packed.stdout.trimEnd().split('\n').at(-1) ?? '';
  // An empty cache and a registry at a closed port: whatever is not in the tarball cannot be had.
  const install = ['install', tarball, '--offline', '--ignore-scripts', '--registry', 'http://127.0.0.1:9'];
  await run('npm', [...install, '--cache', join(folder, 'cache')], { cwd: stranger });
  installed = join(stranger, 'node_modules');
  harness = await startCliHarness({}, { command: [join(installed, '.bin', 'migrate-buckets')], path });
});

afterAll(async () => {
  await harness?.stop();
  await rm(folder, { recursive: true, force: true });
});

const manifest = async () =>
  JSON.parse(await readFile(join(installed, 'migrate-buckets', 'package.json'), 'utf8'));

it('is small, holds one bundled file and SQLite as WebAssembly, and depends on nothing', async () => {
  expect(isAbsolute(tarball)).toBe(true);
  expect((await stat(tarball)).size).toBeLessThan(5_000_000);
  expect((await readdir(join(installed, 'migrate-buckets'))).sort()).toEqual([
    'LICENSE',
    'README.md',
    'THIRD-PARTY-NOTICES',
    'migrate-buckets.cjs',
    'node-sqlite3-wasm.wasm',
    'package.json',
  ]);
  expect((await readdir(installed)).filter((name) => !name.startsWith('.'))).toEqual(['migrate-buckets']);
  const { private: isPrivate, dependencies, scripts } = await manifest();
  expect({ isPrivate, dependencies, scripts }).toEqual({});
});

it('names every package that is bundled, with the text of its licence, and none that a CLI does not need', async () => {
  const [bundle, notices] = await Promise.all(
    ['migrate-buckets.cjs', 'THIRD-PARTY-NOTICES'].map((file) =>
      readFile(join(installed, 'migrate-buckets', file), 'utf8'),
    ),
  );
  const bundled = new Set(packagesIn(bundle?.match(/^\/\/ .*node_modules\/.*$/gm) ?? []));
  expect(bundled.size).toBeGreaterThan(10);
  for (const name of bundled) expect(notices).toContain(`\n${name}@`);
  for (const name of ['cdktf', 'constructs', 'chromadb', 'tsx', 'esbuild'])
    expect(bundled).not.toContain(name);
  expect(notices).toContain('Apache License');
  expect(notices).toContain('Permission is hereby granted');
});

it('answers --help and --version without loading what a command needs', async () => {
  const coverage = join(folder, 'coverage');
  const [help, version] = [
    await harness.run(['--help'], { NODE_V8_COVERAGE: coverage }),
    await harness.run(['--version'], { NODE_V8_COVERAGE: coverage }),
  ];
  expect(help).toMatchObject({ code: 0, stderr: '' });
  expect(version).toMatchObject({ code: 0, stdout: `${(await manifest()).version}\n`, stderr: '' });
  const reports = await readdir(coverage);
  expect(reports).toHaveLength(2);
  for (const report of reports) {
    const loaded = packagesIn(await calledFunctions(join(coverage, report)));
    expect(loaded).toContain('commander');
    expect(loaded.filter((name) => /^(@aws-sdk|@smithy|@inquirer|zod|tar)\b/.test(name))).toEqual([]);
  }
});

it('brings the old buckets home: discover, authority, plan, apply, verify, retire', async () => {
  const { s3 } = harness;
  for (const bucket of [OLD, NEW]) await createBucket(s3, bucket);
  const snapshot = await makeSnapshot(3);
  for (const collection of ['lines', 'words'] as const) {
    await putSnapshot(s3, OLD, collection, '20260101_120000', snapshot);
    await putDelta(s3, OLD, collection, 'a');
  }
  await put(s3, OLD, 'ocr/late.json', '{}');
  const before = await contents(s3, OLD);

  const { result } = await harness.json('discover');
  expect(result.candidates).toMatchObject([{ name: NEW }, { name: OLD }]);
  expect((await harness.json('authority')).result).toMatchObject({ exit_code: 0, winner: OLD });
  expect(await harness.run(['plan', '--dest', NEW])).toMatchObject({ code: 0 });
  expect(await harness.run(['apply', 'plan.json', '--confirm', OLD, '--settle', '0'])).toMatchObject({
    code: 0,
  });
  expect(await harness.run(['verify', 'plan.json', '--deep'])).toMatchObject({ code: 0 });
  expect(await contents(s3, NEW)).toEqual(before);
  const retire = ['retire', 'plan.json', '--soak', '0', '--accept-unchecked', 'state', '--accept-idle'];
  expect(await harness.run([...retire, '--confirm', OLD])).toMatchObject({ code: 0 });
  expect((await contents(s3, OLD)).size).toBe(0);
});

/** The names of the packages that paths lead into. */
const packagesIn = (paths: readonly string[]): string[] =>
  paths.flatMap((path) => path.match(/.*node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1] ?? []);

/** esbuild wraps each lazily loaded module in a function named by its path, and V8 counts the calls. */
async function calledFunctions(report: string): Promise<string[]> {
  const { result } = JSON.parse(await readFile(report, 'utf8')) as {
    result: { url: string; functions: { functionName: string; ranges: { count: number }[] }[] }[];
  };
  return result
    .filter(({ url }) => url.endsWith('migrate-buckets.cjs'))
    .flatMap(({ functions }) => functions)
    .flatMap(({ functionName, ranges }) => ((ranges[0]?.count ?? 0) > 0 ? functionName : []));
}
