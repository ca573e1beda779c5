import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { LeaseLost, LeaseTaken, takeLease } from '../../../functions/enhanced-compaction/lease/lease';
import { type Published, publish } from '../../../functions/enhanced-compaction/lease/publish';
import { eventually } from '../../../packages/local-aws/__tests__/support/eventually';
import { type BreakpointProxy, startBreakpointProxy } from '../../support/breakpoint-proxy';
import { idsOf, useCompactionHarness } from '../../support/compaction-harness';
import { intercepted } from '../../support/intercepted-client';
import { pointer as pointerOf } from '../../support/runs';

const world = useCompactionHarness();

const now = () => Date.now();
const manifestOf = (publishedAt: Date) => {
  const { version = '', manifest } = pointerOf({ merged: [], publishedAt });
  if (manifest === undefined) throw new Error('No manifest.');
  return { version, manifest };
};

describe('The lease', () => {
  it('is given to one owner at a time, with a higher fence each time', async () => {
    const first = await takeLease(world.table, 'lines', now());
    await expect(takeLease(world.table, 'lines', now())).rejects.toBeInstanceOf(LeaseTaken);
    await first.release();
    const second = await takeLease(world.table, 'lines', now());
    expect(second.fence).toBe(first.fence + 1);
    await second.release();
  });

  it('is waited for, so that a loser need not come back after the visibility timeout', async () => {
    const first = await takeLease(world.table, 'lines', now());
    const waiting = takeLease(world.table, 'lines', now() + 60_000);
    await first.release();
    await (await waiting).release();
  });

  it('of the other collection is another one', async () => {
    const lines = await takeLease(world.table, 'lines', now());
    const words = await takeLease(world.table, 'words', now());
    await Promise.all([lines.release(), words.release()]);
  });

  it('lives on while its owner renews it', async () => {
    const lease = await takeLease(world.table, 'lines', now(), { seconds: 1, renewalSeconds: 0.2 });
    await expect(takeLease(world.table, 'lines', now() + 2500)).rejects.toBeInstanceOf(LeaseTaken);
    expect(lease.signal.aborted).toBe(false);
    await lease.release();
  });

  it('that another owner took is neither renewed, nor given back, nor published under', async () => {
    // Renewals so rare that this owner stalls: its lease runs out while it does not notice.
    const stalled = await takeLease(world.table, 'lines', now(), { seconds: 0.5, renewalSeconds: 3 });
    const owner = await takeLease(world.table, 'lines', now() + 30_000);
    const { version, manifest } = manifestOf(new Date());

    await expect(publish(world.table, stalled, {}, { version, manifest })).rejects.toBeInstanceOf(LeaseLost);
    await eventually('the stalled owner to notice', () => stalled.signal.aborted);
    expect(stalled.signal.reason).toBeInstanceOf(LeaseLost);
    await stalled.release();
    expect(await world.pointer()).toMatchObject({ lease_owner: owner.owner, fence: owner.fence });
    expect((await world.pointer())?.version).toBeUndefined();
    await owner.release();
  });
});

describe('The pointer', () => {
  it('moves only from the version that was merged onto, even under the lease', async () => {
    const lease = await takeLease(world.table, 'lines', now());
    const first = manifestOf(new Date(1_700_000_000_000));
    const second = manifestOf(new Date(1_700_000_100_000));
    const before: Published = {};
    await publish(world.table, lease, before, first);
    // Whoever still believes that nothing was published would lose the first version's vectors.
    await expect(publish(world.table, lease, before, second)).rejects.toBeInstanceOf(LeaseLost);
    expect((await world.pointer())?.version).toBe(first.version);
    await lease.release();
  });
});

describe('A publish whose answer is lost', () => {
  let proxy: BreakpointProxy;
  beforeEach(async () => {
    proxy = await startBreakpointProxy(world.aws.endpoints.dynamodb);
  });
  afterEach(() => proxy.stop());

  /** The table behind the proxy. One attempt: the caller learns of it; three: the SDK's retry finds the condition false. */
  const tableBehindProxy = (maxAttempts: number) => {
    const client = new DynamoDBClient({
      ...world.aws.clientOptions('dynamodb'),
      endpoint: proxy.endpoint,
      maxAttempts,
    });
    return { ...world.table, client: DynamoDBDocumentClient.from(client) };
  };

  it.each([
    ['the version, once', 3, '":manifest"'],
    ['the version, for good', 1, '":manifest"'],
    ['its checkpoint, once', 3, '":snapshot_version"'],
    ['its checkpoint, for good', 1, '":snapshot_version"'],
  ])('has succeeded, and what it published stays: %s', async (_what, maxAttempts, at) => {
    const run = await world.arrive({ texts: ['A'] });
    let lost = false;
    proxy.breakAt(
      'after',
      (body) => body.includes(at),
      async () => {
        lost = true;
      },
    );
    const writer = world.writer({ table: tableBehindProxy(maxAttempts) });
    await writer.compact();
    await writer.close();
    expect(lost).toBe(true);
    expect((await world.state(run)).state).toBe('COMPLETED');
    expect([...(await world.published()).keys()]).toEqual(idsOf(run, 1));
    expect((await world.pointer())?.snapshot_version).toBe((await world.pointer())?.version);
  });

  it('and that was not made is made by the next delivery', async () => {
    const run = await world.arrive({ texts: ['A'] });
    proxy.breakAt(
      'before',
      (body) => body.includes('":manifest"'),
      async () => {},
    );
    const writer = world.writer({ table: tableBehindProxy(1) });
    const failure = await writer.compact().catch((error: unknown) => error);
    expect(failure).not.toBeInstanceOf(LeaseLost);
    await writer.compact();
    await writer.close();
    expect([...(await world.published()).keys()]).toEqual(idsOf(run, 1));
  });
});

describe('Two writers', () => {
  it('lose no vector, though each merges whatever is pending', async () => {
    const writers = [world.writer(), world.writer()];
    const runs = [];
    for (let round = 0; round < 3; round += 1) {
      runs.push(
        await world.arrive({ texts: [`A${round}`, `B${round}`] }),
        await world.arrive({ texts: [`C${round}`] }),
      );
      await Promise.all(writers.map((writer) => writer.compact()));
    }
    expect((await world.published()).size).toBe(9);
    for (const run of runs) expect((await world.state(run)).state).toBe('COMPLETED');
  });

  it('of which one stalls between its merge and its publish, publish the other’s work alone', async () => {
    const run = await world.arrive({ texts: ['ONLY ONCE'] });
    let stall = () => {};
    const reached = new Promise<void>((resolve) => {
      stall = resolve;
    });
    let resume = () => {};
    const resumed = new Promise<void>((resolve) => {
      resume = resolve;
    });
    const client = intercepted(world.table.client, async ({ input }, send) => {
      if (input.UpdateExpression?.includes('manifest = :manifest')) {
        stall();
        await resumed;
      }
      return send();
    });
    const stalled = world.writer({
      table: { ...world.table, client },
      leaseTimes: { seconds: 1, renewalSeconds: 3600 },
    });
    const losing = stalled.compact().catch((error: unknown) => error);
    await reached;
    const other = world.writer();
    await other.compact();
    const version = (await world.pointer())?.version;
    resume();

    expect(await losing).toBeInstanceOf(LeaseLost);
    expect(await readdir(join(world.mountPath, 'lines'))).toEqual([version]);
    expect((await world.pointer())?.version).toBe(version);
    expect([...(await world.published()).keys()]).toEqual(idsOf(run, 1));
    expect((await world.state(run)).state).toBe('COMPLETED');
  });
});
