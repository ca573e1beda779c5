import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const REPOSITORY = join(__dirname, '..', '..');
const CRUISER = join(REPOSITORY, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');

let house: string;
beforeEach(async () => {
  house = await mkdtemp(join(tmpdir(), 'house-'));
  for (const file of ['.dependency-cruiser.cjs', 'CONTRIBUTING.md', 'tsconfig.json']) {
    await cp(join(REPOSITORY, file), join(house, file));
  }
});
afterEach(() => rm(house, { recursive: true, force: true }));

/** Writes files that each import the types of one other, and holds them against the map. */
async function check(imports: Readonly<Record<string, string>>): Promise<{ code: number; said: string }> {
  for (const [file, specifier] of Object.entries(imports)) {
    await mkdir(dirname(join(house, file)), { recursive: true });
    await writeFile(
      join(house, file),
      specifier === '' ? 'export {};' : `export type * from '${specifier}';`,
    );
  }
  return new Promise((resolve) => {
    execFile(process.execPath, [CRUISER, '.', '-T', 'err-long'], { cwd: house }, (error, stdout) =>
      resolve({ code: Number(error?.code ?? 0), said: stdout }),
    );
  });
}

describe('the check of imports', () => {
  it('accepts what the map allows', async () => {
    const { code } = await check({
      'contracts/keys.ts': '',
      'stacks/stack.ts': '../contracts/keys',
      'functions/shared/table.ts': '../../contracts/keys',
      'functions/embed-from-ndjson/handler.ts': '../shared/table',
      'cli/migrate-buckets/listing/pair.ts': '',
      'cli/migrate-buckets/retirement/gates.ts': '../listing/pair',
    });
    expect(code).toBe(0);
  });

  it.each([
    ['a contract that imports a stack', 'contracts/keys.ts', 'stacks/stack.ts'],
    ['a stack that imports a function', 'stacks/stack.ts', 'functions/shared/table.ts'],
    [
      'one Lambda that imports another',
      'functions/reconcile-runs/handler.ts',
      'functions/stream-processor/handler.ts',
    ],
    ['the CLI that imports the demo', 'cli/migrate-buckets/main.ts', 'demo/main.ts'],
    ['the embedded AWS that imports the project', 'packages/local-aws/src/index.ts', 'contracts/keys.ts'],
    [
      'a layer of the CLI that imports one above it',
      'cli/migrate-buckets/listing/pair.ts',
      'cli/migrate-buckets/authority/decide.ts',
    ],
  ])('refuses %s, and says what is allowed', async (_what, from, to) => {
    const up = '../'.repeat(from.split('/').length - 1);
    const { code, said } = await check({ [to]: '', [from]: `${up}${to.replace('.ts', '')}` });
    expect(code).not.toBe(0);
    expect(said).toContain(`${from} → ${to}`);
    expect(said.replaceAll(/\s+/g, ' ')).toContain('see the map in CONTRIBUTING.md');
  });

  it('refuses a circle inside one folder, of types too', async () => {
    const { code, said } = await check({ 'contracts/a.ts': './b', 'contracts/b.ts': './a' });
    expect(code).not.toBe(0);
    expect(said).toContain('no-circle');
  });

  it('refuses a way into a package past its entry', async () => {
    const { code, said } = await check({
      'packages/local-aws/src/s3/server.ts': '',
      'demo/main.ts': '../packages/local-aws/src/s3/server',
    });
    expect(code).not.toBe(0);
    expect(said).toContain('one-entry: demo/main.ts → packages/local-aws/src/s3/server.ts');
  });
});

describe('the map', () => {
  const named = [
    ...readFileSync(join(REPOSITORY, 'CONTRIBUTING.md'), 'utf8').matchAll(/^\| `([^`]+)` \|/gm),
  ].map(([, name = '']) => name.replace(/\/$/, ''));
  const folders = execFileSync('git', ['ls-files', '*.ts', '*.mts', '*.cjs', '*.mjs'], {
    cwd: REPOSITORY,
    encoding: 'utf8',
  })
    .split('\n')
    .map((file) => dirname(file).split('/'))
    .filter(([first = '.']) => first !== '.');

  it('names no folder that does not exist', () => {
    expect(named.filter((name) => !name.includes('*') && !existsSync(join(REPOSITORY, name)))).toEqual([]);
  });

  it('leaves out no folder that holds code, and no layer of the CLI', () => {
    const layers = folders.filter((path) => path.length > 2 && path[1] === 'migrate-buckets');
    const held = new Set([
      ...folders.map(([first]) => first),
      ...layers.map((path) => path.slice(0, 3).join('/')),
    ]);
    const covered = (folder = '') => named.some((name) => name === folder || name.startsWith(`${folder}/`));
    expect([...held].filter((folder) => !folder?.startsWith('__tests__/') && !covered(folder))).toEqual([]);
  });

  it('is held against every folder that holds code', () => {
    const { scripts } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8'));
    const checked = scripts['check:imports'].split(' ');
    expect(folders.map(([first]) => first).filter((first) => !checked.includes(first))).toEqual([]);
  });
});
