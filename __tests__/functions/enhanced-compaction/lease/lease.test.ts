import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  type Lease,
  LeaseLost,
  LeaseTaken,
  type LeaseTimes,
  takeLease,
  updateIfOurs,
} from '../../../../functions/enhanced-compaction/lease/lease';
import { eventually } from '../../../../packages/local-aws/__tests__/support/eventually';
import { intercepted } from '../../../support/intercepted-client';
import { useRunTable } from '../../../support/lone-run-table';

const START = Date.parse('2026-01-01T00:00:00Z');
const SECOND = 1000;

const table = useRunTable();
const held: Lease[] = [];
beforeEach(() => {
  // The clock and the heartbeat are moved by hand. Requests, and what waits for them, go on as they are.
  jest.useFakeTimers({
    now: START,
    doNotFake: ['nextTick', 'setImmediate', 'clearImmediate', 'setTimeout', 'clearTimeout', 'queueMicrotask'],
  });
});
afterEach(async () => {
  for (const lease of held.splice(0)) await lease.release();
  jest.useRealTimers();
});

async function take(times?: LeaseTimes, deadline = Date.now(), from: typeof table = table): Promise<Lease> {
  const lease = await takeLease(from, 'lines', deadline, times);
  held.push(lease);
  return lease;
}
const expiry = async () => (await table.pointer()).lease_expires_at;
const untilExpiryIs = (moment: number) => eventually('the renewal', async () => (await expiry()) === moment);

/** The table, whose updates each go through `around`. */
const watched = (around: (send: () => Promise<unknown>) => Promise<unknown>) => {
  let updates = 0;
  const client = intercepted(table.client, async (command, send) => {
    if (command.input.UpdateExpression === undefined) return send();
    updates++;
    return around(send);
  });
  return { ...table, client, updates: () => updates };
};

describe('A lease', () => {
  it('is written with its owner, its end and the first fence', async () => {
    const lease = await take();
    const { owner } = lease;
    expect(lease).toMatchObject({ collection: 'lines', fence: 1 });
    expect(lease.pointer).toEqual({ fence: 1, lease_owner: owner, lease_expires_at: START + 90 * SECOND });
    expect(await table.pointer()).toEqual(lease.pointer);
  });

  it('lasts for as long as it is told to', async () => {
    await take({ seconds: 7 });
    expect(await expiry()).toBe(START + 7 * SECOND);
  });

  it('shows the pointer as it stood, and raises its fence by one', async () => {
    await table.setPointer({ fence: 4, version: '20260101_000000' });
    expect(await take()).toMatchObject({ fence: 5, pointer: { fence: 5, version: '20260101_000000' } });
  });

  it('goes to nobody else before it has ended, and to the next one a millisecond later', async () => {
    const first = await take();
    jest.setSystemTime(START + 90 * SECOND);
    const refused = takeLease(table, 'lines', Date.now());
    await expect(refused).rejects.toThrow(
      'Another writer holds the lease of lines. The message will come again.',
    );
    await expect(refused).rejects.toBeInstanceOf(LeaseTaken);
    jest.setSystemTime(START + 90 * SECOND + 1);
    const second = await take();
    expect(second.fence).toBe(first.fence + 1);
    expect(second.owner).not.toBe(first.owner);
  });

  it('is waited for until the deadline', async () => {
    const first = await take();
    const waiting = take({}, Date.now() + 1);
    await first.release();
    expect((await waiting).fence).toBe(2);
  });

  it('is given back with nothing of it left, so that the next owner need not wait', async () => {
    await (await take()).release();
    expect(await table.pointer()).toEqual({ fence: 1 });
  });

  it('is held by the owner who took it, though the answer was lost and its request was made again', async () => {
    const late = watched(async (send) => {
      const answer = await send();
      if (late.updates() > 1) return answer;
      throw new ConditionalCheckFailedException({ message: '', $metadata: {} });
    });
    const lease = await take({}, Date.now(), late);
    expect(await table.pointer()).toMatchObject({ lease_owner: lease.owner, fence: 1 });
    await jest.advanceTimersByTimeAsync(30 * SECOND);
    await untilExpiryIs(START + 120 * SECOND);
  });

  it('is called taken, and nothing worse, where its item went in the meantime', async () => {
    const gone = watched(() =>
      Promise.reject(new ConditionalCheckFailedException({ message: '', $metadata: {} })),
    );
    await expect(takeLease(gone, 'lines', Date.now())).rejects.toBeInstanceOf(LeaseTaken);
  });

  it('is not called taken when the table cannot be asked', async () => {
    const broken = watched(() => Promise.reject(new Error('No answer.')));
    await expect(takeLease(broken, 'lines', Date.now())).rejects.toThrow('No answer.');
    expect(broken.updates()).toBe(1);
  });
});

describe('The heartbeat', () => {
  it('renews the lease every 30 s, by its whole length from the moment of asking', async () => {
    const watch = watched((send) => send());
    const lease = await take({}, Date.now(), watch);
    await jest.advanceTimersByTimeAsync(30 * SECOND - 1);
    expect(watch.updates()).toBe(1);
    await jest.advanceTimersByTimeAsync(1);
    expect(watch.updates()).toBe(2);
    await untilExpiryIs(START + 120 * SECOND);
    expect(lease.signal.aborted).toBe(false);
  });

  it('renews as often as it is told to', async () => {
    await take({ seconds: 9, renewalSeconds: 3 });
    await jest.advanceTimersByTimeAsync(3 * SECOND);
    await untilExpiryIs(START + 12 * SECOND);
  });

  it('stops with the release', async () => {
    const watch = watched((send) => send());
    const lease = await take({}, Date.now(), watch);
    await lease.release();
    await jest.advanceTimersByTimeAsync(60 * SECOND);
    expect(watch.updates()).toBe(2);
  });

  it('tells that the lease is lost as soon as another owner has it, and takes nothing from that one', async () => {
    const stalled = await take();
    jest.setSystemTime(START + 91 * SECOND);
    const { owner } = await take();
    await jest.advanceTimersByTimeAsync(30 * SECOND);
    await eventually('the loss', () => stalled.signal.aborted);
    expect(stalled.signal.reason).toBeInstanceOf(LeaseLost);
    expect(stalled.signal.reason).toHaveProperty('message', 'The lease of lines went to another writer.');
    await stalled.release();
    expect(await table.pointer()).toMatchObject({ lease_owner: owner, fence: 2 });
  });

  it('bears failing requests until the very end of the lease, counted from the last renewal, and not beyond', async () => {
    let fails = false;
    let answered = 0;
    const watch = watched(async (send) => {
      if (fails) throw new Error('No answer.');
      const answer = await send();
      answered++;
      return answer;
    });
    const lease = await take({}, Date.now(), watch);
    await jest.advanceTimersByTimeAsync(30 * SECOND);
    await eventually('the answer to the renewal', () => answered === 2);
    fails = true;
    await jest.advanceTimersByTimeAsync(90 * SECOND);
    expect(watch.updates()).toBe(5);
    expect(lease.signal.aborted).toBe(false);
    await jest.advanceTimersByTimeAsync(30 * SECOND);
    expect(lease.signal.reason).toBeInstanceOf(LeaseLost);
    expect(lease.signal.reason).toHaveProperty('message', 'The lease of lines could not be renewed.');
    fails = false;
  });

  it('goes on after a pause that outlasted the lease, where nobody took it and every request was answered', async () => {
    let answered = 0;
    const watch = watched(async (send) => {
      const answer = await send();
      answered++;
      return answer;
    });
    const lease = await take({}, Date.now(), watch);
    await jest.advanceTimersByTimeAsync(30 * SECOND);
    await eventually('the answer to the renewal', () => answered === 2);
    await untilExpiryIs(START + 120 * SECOND);
    jest.setSystemTime(START + 500 * SECOND);
    await jest.advanceTimersByTimeAsync(30 * SECOND);
    await untilExpiryIs(START + 620 * SECOND);
    expect(lease.signal.aborted).toBe(false);
  });

  it('is not deceived by requests that are never answered', async () => {
    let hangs = false;
    const watch = watched((send) => (hangs ? new Promise(() => {}) : send()));
    const lease = await take({}, Date.now(), watch);
    hangs = true;
    await jest.advanceTimersByTimeAsync(90 * SECOND);
    expect(lease.signal.aborted).toBe(false);
    await jest.advanceTimersByTimeAsync(30 * SECOND);
    expect(lease.signal.reason).toHaveProperty('message', 'The lease of lines could not be renewed.');
    hangs = false;
  });

  it('bears them for no longer than the lease when none ever got through', async () => {
    let fails = false;
    const watch = watched((send) => (fails ? Promise.reject(new Error('No answer.')) : send()));
    const lease = await take({ seconds: 60, renewalSeconds: 60 }, Date.now(), watch);
    fails = true;
    await jest.advanceTimersByTimeAsync(60 * SECOND);
    expect(lease.signal.aborted).toBe(false);
    await jest.advanceTimersByTimeAsync(60 * SECOND);
    expect(lease.signal.aborted).toBe(true);
    fails = false;
  });
});

describe('A change under the lease', () => {
  const change = { UpdateExpression: 'SET mark = :mark', ExpressionAttributeValues: { ':mark': 'made' } };
  const update = (owner: string, fence: number, further: { ConditionExpression?: string } = {}) =>
    updateIfOurs(table, 'lines', owner, fence, { ...change, ...further });

  it('is made for its owner', async () => {
    const { owner, fence } = await take();
    expect(await update(owner, fence)).toBe(true);
  });

  it('is not made for another owner, nor under another fence, and says so', async () => {
    const { owner, fence } = await take();
    expect(await update('another', fence)).toBe(false);
    expect(await update(owner, fence - 1)).toBe(false);
    expect(await update(owner, fence + 1)).toBe(false);
  });

  it('is made only when a further demand holds too', async () => {
    const { owner, fence } = await take();
    expect(await update(owner, fence, { ConditionExpression: 'attribute_not_exists(version)' })).toBe(true);
    expect(await update(owner, fence, { ConditionExpression: 'attribute_exists(version)' })).toBe(false);
  });

  it('is not made for others by a further demand that would do without the lease', async () => {
    const { owner, fence } = await take();
    const either = { ConditionExpression: 'attribute_exists(version) OR attribute_not_exists(version)' };
    expect(await update('another', fence, either)).toBe(false);
    expect(await update(owner, fence, either)).toBe(true);
  });

  it('fails as the table fails', async () => {
    const broken = watched(() => Promise.reject(new Error('No answer.')));
    await expect(updateIfOurs(broken, 'lines', 'me', 1, change)).rejects.toThrow('No answer.');
  });
});

it('names its errors by their kind', () => {
  expect([new LeaseLost('').name, new LeaseTaken('').name]).toEqual(['LeaseLost', 'LeaseTaken']);
});
