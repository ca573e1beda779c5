import { execFileSync } from 'node:child_process';
import { readdir, truncate } from 'node:fs/promises';
import { join } from 'node:path';
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

/** The world's table, at whose next matching write the servers are killed. */
function killingTable(at: string) {
  let killed = 0;
  const client = intercepted(world.table.client, async ({ input }, send) => {
    const answer = await send();
    if (killed === 0 && JSON.stringify(input).includes(at)) killed = await killServers();
    return answer;
  });
  return { table: { ...world.table, client }, killed: () => killed };
}

describe('A Chroma server that dies', () => {
  it('in a merge publishes nothing; the next delivery begins with a copy of what is published', async () => {
    await world.arrive({ texts: ['A'] });
    const { table, killed } = killingTable('"PROCESSING"');
    const writer = world.writer({ table });
    await expect(writer.compact()).rejects.toThrow();
    expect(killed()).toBe(1);
    expect((await world.pointer())?.version).toBeUndefined();
    await writer.compact();
    await writer.close();
    expect(await world.documents()).toEqual(['A']);
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
