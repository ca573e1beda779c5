import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { eventually } from '../../packages/local-aws/__tests__/support/eventually';
import { descendantsOf, isAlive } from '../../packages/local-aws/__tests__/support/processes';

const TSX = ['--import', pathToFileURL(require.resolve('tsx')).href];
const DEMO = join(__dirname, '../../demo/main.ts');

describe('the demo', () => {
  let directory: string;
  let temporary: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'demo-'));
    temporary = join(directory, 'tmp');
    await mkdir(temporary);
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  function start(...args: string[]): { child: ChildProcess; stdout: () => string } {
    const child = spawn(process.execPath, [...TSX, DEMO, ...args], {
      cwd: directory,
      env: { ...process.env, TMPDIR: temporary },
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    let stdout = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    return { child, stdout: () => stdout };
  }

  test('tells as data what it did, every claim true, and leaves a report', async () => {
    const { child, stdout } = start('--json');
    const [code] = await once(child, 'close');
    const told = JSON.parse(stdout());
    const checks = told.steps.flatMap((step: { checks: { claim: string; holds: boolean }[] }) => step.checks);
    expect(checks.filter(({ holds }: { holds: boolean }) => !holds)).toEqual([]);
    expect(told.holds).toBe(true);
    expect(code).toBe(0);
    expect(checks.map(({ claim }: { claim: string }) => claim)).toEqual(
      expect.arrayContaining([
        'The truth is chosen by its evidence',
        'Every object is proven',
        'Every receipt is merged into both collections',
        'What people had said of a migrated receipt is still there',
        'What an annotation says stands there too',
        'A receipt that comes without the file system is merged',
        'Every other record is there as it was: id, text, metadata and vector',
        'The old bucket is emptied and its name kept',
        'The new bucket is proven without the old one, by the certificate alone',
        'One page says why it was safe, with the proofs and the gates',
        'A migrated record is found',
        'A newly ingested record is found',
      ]),
    );
    expect(await readFile(join(directory, 'demo-report.md'), 'utf8')).toContain(
      `${checks.length} of ${checks.length} claims held`,
    );
  });

  test('Ctrl-C ends it with 130, and neither a process nor a file of it is left', async () => {
    const { child, stdout } = start();
    await eventually(
      'the migration to begin',
      () => stdout().includes('Which bucket is the truth?'),
      120_000,
    );
    const started = descendantsOf(Number(child.pid));
    expect(started.length).toBeGreaterThan(4);
    // A terminal sends Ctrl-C to the whole process group.
    process.kill(-Number(child.pid), 'SIGINT');
    const [code] = await once(child, 'close');
    expect(code).toBe(130);
    await eventually('every process to be gone', () => !started.some(isAlive));
    expect((await readdir(temporary)).filter((name) => name.startsWith('chroma-pipeline-demo-'))).toEqual([]);
  });
});
