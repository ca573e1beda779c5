import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { endGroup, startChildServer } from '../src/processes/child-server';
import { writeBundle } from './support/bundle';
import { eventually } from './support/eventually';
import { isAlive } from './support/processes';

const TSX = ['--import', pathToFileURL(require.resolve('tsx')).href];

describe('the local processes', () => {
  test('all end when their parent is killed with -9: servers, sandboxes, what a handler started', async () => {
    const parent = spawn(process.execPath, [...TSX, join(__dirname, './support/outlived-parent.ts')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(createInterface({ input: parent.stdout }), 'line');
    const { pids, folder }: { pids: number[]; folder: string } = JSON.parse(String(line));
    expect(pids).toHaveLength(8);
    expect(pids.filter(isAlive)).toEqual(pids);

    parent.kill('SIGKILL');
    await eventually('every process to be gone', () => pids.every((pid) => !isAlive(pid)));
    await rm(folder, { recursive: true });
  });

  test('a process is waited for to its end, though a message to it fails meanwhile', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true });
    child.on('error', () => {});
    const ended = endGroup(child);
    child.emit('error', new Error('write EPIPE'));
    await ended;
    expect(isAlive(child.pid ?? 0)).toBe(false);
  });

  test('a server that ends at its start is reported with what it wrote', async () => {
    const { folder, remove } = await writeBundle('');
    const script = join(folder, 'main.ts');
    await writeFile(script, "throw new Error('the port is taken');");
    await expect(startChildServer({ name: 'toaster', script })).rejects.toThrow(
      /^The local toaster ended at its start \(1\)\.[\s\S]*the port is taken/,
    );
    await remove();
  });

  test('a server that says nothing is reported, and ended', async () => {
    const { folder, remove } = await writeBundle('');
    const script = join(folder, 'main.ts');
    await writeFile(script, 'console.error("pid", process.pid); setInterval(() => {}, 1000);');
    const starting = startChildServer({ name: 'toaster', script, readyWithinMs: 3_000 });
    const { message } = await starting.then(
      () => new Error('it started'),
      (error: Error) => error,
    );
    expect(message).toMatch(/^The local toaster said nothing for 3000 ms\./);
    const pid = Number(/pid (\d+)/.exec(message)?.[1]);
    expect(isAlive(pid)).toBe(false);
    await remove();
  });
});
