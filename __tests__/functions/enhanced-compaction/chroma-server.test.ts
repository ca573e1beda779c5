import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  LINUX_BINDINGS,
  loadableBinding,
  loweredBinding,
} from '../../../functions/enhanced-compaction/chroma/binding';
import { lowerGlibcFloor } from '../../../functions/enhanced-compaction/chroma/glibc-floor';
import { startChromaServer } from '../../../functions/enhanced-compaction/chroma/server';
import { lambdaBinding } from '../../../functions/packaging/lambda-binding';
import { eventually } from '../../../packages/local-aws/__tests__/support/eventually';
import { isAlive } from '../../../packages/local-aws/__tests__/support/processes';

const root = join(__dirname, '..', '..', '..');
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chroma-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const original = (name: string) => createRequire(join(root, 'package.json')).resolve(name);
const { x64 } = LINUX_BINDINGS;

describe('Lowering the glibc floor', () => {
  it('gives the pinned file for x64, whichever of two racing processes is first', async () => {
    const cache = join(folder, 'race');
    const [first, second] = await Promise.all([
      loweredBinding(x64, original(x64.package), cache),
      loweredBinding(x64, original(x64.package), cache),
    ]);
    expect(first).toBe(second);
  });

  it('gives the pinned file for arm64, which npm does not install here', async () => {
    const { pinned, path } = await lambdaBinding('arm64');
    expect(pinned.file).toContain('arm64');
    expect((await readFile(path)).readUInt16LE(18)).toBe(183);
  });

  it('refuses a binding that needs another new symbol, by its name', async () => {
    const file = await readFile(original(x64.package));
    const at = file.indexOf('__isoc23_strtol\0');
    file.write('__isoc23_strtod', at, 'latin1');
    expect(() => lowerGlibcFloor(file)).toThrow('__isoc23_strtod@GLIBC_2.38');
  });

  it('refuses what is not an ELF file', () => {
    expect(() => lowerGlibcFloor(Buffer.alloc(128))).toThrow('not a 64-bit little-endian ELF file');
  });

  it('refuses a package that is not the pinned one, and never trusts a spoiled cache', async () => {
    const other = join(folder, 'other.node');
    await writeFile(other, 'something else');
    await expect(loweredBinding(x64, other, join(folder, 'pin'))).rejects.toThrow('npm ci');
    const cache = join(folder, 'spoiled');
    const path = await loweredBinding(x64, original(x64.package), cache);
    await writeFile(path, 'spoiled');
    await loweredBinding(x64, original(x64.package), cache);
    expect((await readFile(path)).length).toBeGreaterThan(1_000_000);
  });
});

describe('The binding for a host', () => {
  const host = (glibc: string | undefined, arch = 'x64') => ({ platform: 'linux', arch, glibc });

  it('is the untouched one where it loads, and a lowered one from glibc 2.34 on', async () => {
    expect(await loadableBinding({ host: host('2.39') })).toBe(original(x64.package));
    expect(await loadableBinding({ host: host('2.34') })).toContain(x64.loweredSha256.slice(0, 16));
  });

  it('is the packaged one on Lambda, where neither the C library nor a home is asked for', async () => {
    await writeFile(join(folder, x64.file), '');
    const lambda = {
      ...host(undefined),
      get glibc(): string {
        throw new Error('A report was made.');
      },
    };
    expect(await loadableBinding({ packageDirectory: folder, host: lambda })).toBe(join(folder, x64.file));
  });

  it.each([
    ['an older glibc', host('2.31'), '2.31'],
    ['another C library', host(undefined), 'another C library'],
    ['another processor', host('2.36', 'riscv64'), 'riscv64'],
  ])('does not exist on a host with %s, and the error says so', async (_what, wrong, named) => {
    await expect(loadableBinding({ host: wrong })).rejects.toThrow(named);
  });
});

describe('A Chroma server', () => {
  it('starts, ends gracefully, and finds its files again', async () => {
    const path = join(folder, 'server');
    const first = await startChromaServer({ path });
    await first.stop();
    await first.stop();
    expect(isAlive(first.pid)).toBe(false);
    const second = await startChromaServer({ path });
    expect((await fetch(`${second.url}/api/v2/heartbeat`)).ok).toBe(true);
    await second.kill();
    expect(second.isRunning()).toBe(false);
  });

  it.each(['SIGKILL', 'SIGABRT'] as const)(
    'that died of %s before it was asked to end has not ended well',
    async (signal) => {
      const server = await startChromaServer({ path: join(folder, signal) });
      process.kill(server.pid, signal);
      await eventually('the server to die', () => !server.isRunning());
      await expect(server.stop()).rejects.toThrow(`before it was asked to, with ${signal}`);
    },
  );

  it('that dies while it ends has not ended well', async () => {
    const server = await startChromaServer({ path: join(folder, 'dies-ending') });
    // Stopped by the kernel it cannot take the request to end, and is killed in its midst.
    process.kill(server.pid, 'SIGSTOP');
    const stopping = server.stop();
    process.kill(server.pid, 'SIGKILL');
    await expect(stopping).rejects.toThrow('when it was asked to, with SIGKILL');
  });

  it('refuses a port that is taken, with what it said', async () => {
    const server = await startChromaServer({ path: join(folder, 'one') });
    const port = Number(new URL(server.url).port);
    await expect(startChromaServer({ path: join(folder, 'two'), port })).rejects.toThrow('not available');
    await server.stop();
  });

  it('ends when its parent is killed', async () => {
    const script = `
      const { startChromaServer } = require('./functions/enhanced-compaction/chroma/server');
      startChromaServer({ path: ${JSON.stringify(join(folder, 'orphan'))} }).then(({ pid }) => {
        console.log('pid=' + pid);
        setInterval(() => {}, 1000);
      });`;
    const parent = spawn(process.execPath, ['--import', 'tsx', '-e', script], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    parent.stdout.on('data', (chunk) => {
      output += chunk;
    });
    const pid = Number(await eventually('the server to start', () => /pid=(\d+)/.exec(output)?.[1]));
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await eventually('the orphan to end', () => !isAlive(pid));
  });
});
