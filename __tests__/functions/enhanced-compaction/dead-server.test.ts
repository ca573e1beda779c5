import { execFileSync } from 'node:child_process';
import { readdir, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { DeadServer } from '../../../functions/enhanced-compaction/chroma/server';
import { eventually } from '../../../packages/local-aws/__tests__/support/eventually';
import { isAlive } from '../../../packages/local-aws/__tests__/support/processes';
import { useCompactionHarness } from '../../support/compaction-harness';
import { intercepted } from '../../support/intercepted-client';

const world = useCompactionHarness();

/** The Chroma servers that this process has started, with their directories. */
const servers = () =>
  execFileSync('ps', ['-A', '-ww', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s.*launch-chroma\.cjs \S+ (\S+) \d+$/.exec(line))
    .flatMap((found) =>
      Number(found?.[2]) === process.pid ? [{ pid: Number(found?.[1]), path: found?.[3] ?? '' }] : [],
    );

/** Kills them, and leaves their files as a write that was broken off would. Returns how many there were. */
const killServers = async () => {
  const all = servers();
  for (const { pid } of all) process.kill(pid, 'SIGKILL');
  await eventually('the servers to die', () => !all.some(({ pid }) => isAlive(pid)));
  for (const { path } of all) await truncate(join(path, 'chroma.sqlite3'), 5000);
  return all.length;
};

/** The world's table, at each of whose first matching writes the servers are killed. */
function killingTable(at: string, times: number) {
  const killed: number[] = [];
  const client = intercepted(world.table.client, async ({ input }, send) => {
    const answer = await send();
    if (killed.length < times && JSON.stringify(input).includes(at)) killed.push(await killServers());
    return answer;
  });
  return { table: { ...world.table, client }, killed };
}

describe('A Chroma server that dies', () => {
  it.each([1, 2])(
    'in a merge, %i times, costs a copy of what is published, and no delivery',
    async (times) => {
      await world.arrive({ texts: ['BEFORE'] });
      await world.compactOnce();
      const run = await world.arrive({ texts: ['A'] });
      const { table, killed } = killingTable('"PROCESSING"', times);
      const writer = world.writer({ table });
      await writer.compact();
      await writer.close();
      expect(killed).toEqual(Array.from({ length: times }, () => 1));
      expect((await world.state(run)).state).toBe('COMPLETED');
      expect(await world.documents()).toEqual(['A', 'BEFORE']);
    },
  );

  it('again and again publishes nothing, and leaves the merge to the next delivery', async () => {
    await world.arrive({ texts: ['A'] });
    const { table, killed } = killingTable('"PROCESSING"', 3);
    const writer = world.writer({ table });
    await expect(writer.compact()).rejects.toBeInstanceOf(DeadServer);
    expect(killed).toEqual([1, 1, 1]);
    expect((await world.pointer())?.version).toBeUndefined();
    await writer.compact();
    await writer.close();
    expect(await world.documents()).toEqual(['A']);
  });

  it('when the time of the invocation is over leaves the merge to the next delivery', async () => {
    await world.arrive({ texts: ['A'] });
    const { table, killed } = killingTable('"PROCESSING"', 2);
    const now = Date.now;
    const time = jest
      .spyOn(Date, 'now')
      .mockImplementation(() => now() + (killed.length > 0 ? 3_600_000 : 0));
    const writer = world.writer({ table });
    await expect(writer.compact()).rejects.toBeInstanceOf(DeadServer);
    time.mockRestore();
    expect(killed).toEqual([1]);
    await writer.close();
  });

  it('in a warm sandbox between two merges costs a fetch, and what it left is not used', async () => {
    const writer = world.writer();
    await world.arrive({ texts: ['A'] });
    await writer.compact();
    await world.arrive({ texts: ['B'], header: { model: 'other' } });
    // A run that fails leaves the version as it is, and the server running.
    await writer.compact();
    const { version } = (await world.pointer()) ?? {};
    expect(await killServers()).toBe(1);
    await world.arrive({ texts: ['C'] });
    await writer.compact();
    await writer.close();
    expect(await world.documents()).toEqual(['A', 'C']);
    expect(await readdir(join(world.mountPath, 'lines'))).toContain(version);
  });
});
