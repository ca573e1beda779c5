import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { takeFileLock } from '../../../../cli/migrate-buckets/locks/file-lock';
import { EXPIRY, holderOf } from '../../../../cli/migrate-buckets/locks/holder';
import type { LockHolder } from '../../../../contracts/migrate-buckets/lock';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lock-'));
  path = join(folder, 'plan.lock');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const me = () => holderOf('apply', 'plan.json');
const leave = async (changes: Partial<LockHolder>, age = 0) => {
  await writeFile(path, JSON.stringify({ ...(await me()), ...changes }));
  const then = new Date(Date.now() - age);
  await utimes(path, then, then);
};
const take = async (breakLock?: string) => takeFileLock(path, await me(), breakLock);

/** The number of a process that has ended, and been waited for. */
async function endedPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  return child.pid ?? 0;
}

describe('C16: The lock beside a plan', () => {
  it('names command, user, host, process, its start and the plan, and is gone afterwards', async () => {
    const held = await take();
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({
      token: expect.any(String),
      command: 'apply',
      user: expect.any(String),
      host: expect.any(String),
      numbering: expect.any(String),
      pid: process.pid,
      process_started: expect.stringMatching(/./),
      plan: expect.stringMatching(/^\/.*plan\.json$/),
      since: expect.stringMatching(/Z$/),
    });
    await held.release();
    expect(await readdir(folder)).toEqual([]);
  });

  it('refuses a second process, and says who works on it', async () => {
    await take();
    await expect(take()).rejects.toMatchObject({
      exitCode: 6,
      message: expect.stringMatching(
        new RegExp(
          `works on this plan: apply of /.*plan.json by .+ \\(process ${process.pid}\\) since .*Wait for it, or stop it.$`,
        ),
      ),
    });
  });

  it('of a process that was killed is taken over at once', async () => {
    await leave({ pid: await endedPid() });
    await (await take()).release();
    expect(await readdir(folder)).toEqual([]);
  });

  it('of a number that is alive, but another process, is taken over: process 2 of every container', async () => {
    await leave({ pid: process.pid, process_started: 'long ago' });
    await expect(take()).resolves.toBeDefined();
  });

  it.each([
    ['another host', { host: 'elsewhere' }],
    ['another container of the same host name', { numbering: 'another boot pid:[1]' }],
  ])(
    'of %s is left alone while it is renewed, though its number is not one of ours',
    async (_what, changes) => {
      await leave({ ...changes, pid: await endedPid() }, EXPIRY - 5_000);
      await expect(take()).rejects.toMatchObject({
        exitCode: 6,
        message: expect.stringContaining('--break-lock'),
      });
      await leave({ ...changes, pid: await endedPid() }, EXPIRY + 5_000);
      await expect(take()).resolves.toBeDefined();
    },
  );

  it('is broken by the name of the host that holds it, and by no other', async () => {
    await leave({ host: 'elsewhere', pid: 2 });
    await expect(take('nowhere')).rejects.toMatchObject({
      message: expect.stringMatching(/--break-lock elsewhere/),
    });
    await expect(take('elsewhere')).resolves.toBeDefined();
  });

  it.each(['', '{"token":', '123'])('that is %j, as a crash left it, ends with its age', async (text) => {
    await writeFile(path, text);
    await expect(take()).rejects.toMatchObject({ exitCode: 6 });
    const then = new Date(Date.now() - EXPIRY - 1);
    await utimes(path, then, then);
    await expect(take()).resolves.toBeDefined();
  });

  it('that was left behind is won by one of many takers', async () => {
    for (let round = 0; round < 20; round++) {
      await leave({ pid: 1, process_started: 'long ago' });
      const taken = await Promise.allSettled(Array.from({ length: 8 }, () => take()));
      const winners = taken.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
      expect(winners).toHaveLength(1);
      for (const each of taken) if (each.status === 'rejected') expect(each.reason.exitCode).toBe(6);
      await winners[0]?.release();
      expect(await readdir(folder)).toEqual([]);
    }
  });

  it('is taken over though a taker before was killed amid it', async () => {
    await leave({ pid: 1, process_started: 'long ago' });
    const killed = { ...(await me()), pid: await endedPid() };
    await writeFile(`${path}.takeover`, JSON.stringify(killed));
    await (await take()).release();
    expect(await readdir(folder)).toEqual([]);
  });

  it('renews its sign of life, and notices that somebody took it over', async () => {
    const held = await take();
    const then = new Date(0);
    await utimes(path, then, then);
    await held.renew();
    await expect(take()).rejects.toMatchObject({ exitCode: 6 });
    await leave({ host: 'elsewhere', user: 'bob', token: 'theirs' });
    await expect(held.renew()).rejects.toMatchObject({
      exitCode: 6,
      message: expect.stringMatching(/^bob on elsewhere \(apply\) took over the lock/),
    });
    await held.release();
    expect(existsSync(path)).toBe(true);
  });

  it('is not removed under another taker that lives', async () => {
    await leave({ pid: 1, process_started: 'long ago' });
    const removing = await takeFileLock(`${path}.takeover`, await me());
    await expect(take()).rejects.toMatchObject({ exitCode: 6 });
    await removing.release();
    await expect(take()).resolves.toBeDefined();
  });

  it('that is a folder is a sentence', async () => {
    await mkdir(path);
    await expect(take()).rejects.toMatchObject({
      exitCode: 2,
      message: `${path} cannot be written (EISDIR).`,
    });
  });

  it('that cannot be made is a sentence', async () => {
    path = join(folder, 'nowhere', 'plan.lock');
    await expect(take()).rejects.toMatchObject({
      exitCode: 2,
      message: `${path} cannot be written (ENOENT).`,
    });
  });
});
