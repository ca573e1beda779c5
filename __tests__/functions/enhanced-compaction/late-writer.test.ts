import { randomUUID } from 'node:crypto';
import type { CompactionRun } from '../../../contracts/compaction-run';
import { LATE_WRITE_SECONDS } from '../../../contracts/lease';
import { openChromaCollection } from '../../../functions/enhanced-compaction/chroma/collection';
import { chromaDatabase } from '../../../functions/enhanced-compaction/chroma/database';
import { LeaseLost } from '../../../functions/enhanced-compaction/lease/lease';
import { type BreakpointProxy, startBreakpointProxy } from '../../support/breakpoint-proxy';
import { createDatabase, useChromaServer } from '../../support/chroma-server';
import { labelled, type ReceiptSpec, useCompactionHarness } from '../../support/compaction-harness';
import { intercepted } from '../../support/intercepted-client';
import { remoteStore } from '../../support/remote-store';

const world = useCompactionHarness();
const chroma = useChromaServer();
let proxy: BreakpointProxy;
let database: string;

beforeEach(async () => {
  proxy = await startBreakpointProxy(chroma.url);
  database = await createDatabase(chroma.url);
});
afterEach(() => proxy.stop());

const writer = (url = chroma.url, overrides: Parameters<typeof world.writer>[0] = {}) =>
  world.writer({ store: remoteStore({ ...world, ...overrides }, { url, database }), ...overrides });

/** A writer whose lease ends at its next request to Chroma that matches; the request arrives after `meanwhile`. */
function stalling(
  matches: (body: string) => boolean,
  meanwhile: () => Promise<unknown>,
  overrides: Parameters<typeof world.writer>[0] = {},
) {
  proxy.breakAt('held', matches, async () => {
    await world.changePointer('SET lease_expires_at = :value', 1);
    await meanwhile();
  });
  return writer(proxy.endpoint, { leaseTimes: { renewalSeconds: 3600 }, ...overrides });
}

/** The same, which dies when its request has arrived. */
function dying(matches: (body: string) => boolean, meanwhile: () => Promise<unknown>) {
  let leases = 0;
  const client = intercepted(world.table.client, async ({ input }, send) => {
    if (input.UpdateExpression?.includes('fence = if_not_exists')) leases += 1;
    if (leases > 1) throw new Error('The writer is dead.');
    return send();
  });
  return stalling(matches, meanwhile, { table: { ...world.table, client } });
}

/** Lets so many seconds pass for what was touched. */
const touchedBefore = async (seconds: number) => {
  const touched = (await world.pointer())?.touched ?? [];
  const earlier = touched.map((each) => ({ ...each, at: each.at - seconds * 1000 }));
  await world.changePointer('SET touched = :value', earlier);
};

async function stored() {
  const place = chromaDatabase({ url: chroma.url, database });
  const collection = await openChromaCollection(place, 'lines');
  const records = (await collection?.page(0, 1000)) ?? [];
  return records.sort((a, b) => (a.id < b.id ? -1 : 1));
}
const documents = async () => (await stored()).map(({ document }) => document);
const labels = async () => (await stored()).map(({ metadata }) => metadata.section_label);

const isDelete = (body: string) => /^\{"ids":\[[^\]]*\]\}$/.test(body);
const isUpdate = (body: string) => body.includes('"embeddings"') && body.includes('OTHER');
const isAdd = (body: string) => body.includes('"embeddings"') && body.includes('"D"');
const isLabel = (body: string) => body.includes('early');
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);

const imageId = randomUUID();
/** What is merged before, and what another writer merges while the late one stalls. */
const FIRST: ReceiptSpec = { imageId, texts: ['A', 'B', 'C'], createdAt: minutesAgo(4) };
const LATE = { imageId, createdAt: minutesAgo(3) };
const NEXT = { imageId, createdAt: minutesAgo(2) };

/** What a late write is, what is merged meanwhile, and what the receipt is in the end. */
const CASES = [
  ['removes', { texts: ['A'] }, isDelete, [{ ...NEXT, texts: ['A', 'B', 'X'] }], ['A', 'B', 'X']],
  ['replaces', { texts: ['OTHER', 'B', 'C'] }, isUpdate, [{ ...NEXT, texts: ['A', 'X'] }], ['A', 'X']],
  ['adds', { texts: ['A', 'B', 'C', 'D'] }, isAdd, [{ ...NEXT, texts: ['A'] }], ['A']],
  ['brings back', { texts: ['OTHER', 'B', 'C'] }, isUpdate, [{ ...NEXT, texts: [] }], []],
] as const satisfies readonly (readonly [
  string,
  ReceiptSpec,
  typeof isAdd,
  readonly ReceiptSpec[],
  string[],
])[];

const merge = async (specs: readonly ReceiptSpec[]): Promise<CompactionRun[]> => {
  const runs: CompactionRun[] = [];
  for (const spec of specs) runs.push(await world.arrive(spec));
  await writer().compact();
  return runs;
};

describe('What a writer without its lease', () => {
  it.each(CASES)('%s is set right by itself', async (_what, late, matches, meanwhile, outcome) => {
    await merge([FIRST]);
    const run = await world.arrive({ ...LATE, ...late });
    await stalling(matches, () => merge(meanwhile)).compact();
    expect(await documents()).toEqual(outcome);
    expect((await world.state(run)).state).toBe('SUPERSEDED');
    expect((await world.pointer())?.manifest).toMatchObject({ records: outcome.length });
  });

  it.each(CASES)(
    '%s is set right by the next, where it dies',
    async (_what, late, matches, meanwhile, outcome) => {
      await merge([FIRST]);
      await world.arrive({ ...LATE, ...late });
      let runs: CompactionRun[] = [];
      const dies = dying(matches, async () => {
        runs = await merge(meanwhile);
      });
      await expect(dies.compact()).rejects.toThrow('dead');
      expect(await documents()).not.toEqual(outcome);
      const states = await Promise.all(runs.map(world.state));
      expect(states.map(({ state }) => state)).toEqual(['COMPLETED']);

      // More of it may be on its way: nothing is forgotten before that can be no longer.
      await touchedBefore(LATE_WRITE_SECONDS - 60);
      await writer().compact();
      expect(await documents()).not.toEqual(outcome);
      await touchedBefore(60);
      await writer().compact();
      expect(await documents()).toEqual(outcome);
      expect(await Promise.all(runs.map(world.state))).toEqual(states);
      const pointer = await world.pointer();
      expect(pointer?.manifest).toMatchObject({ records: outcome.length });
      expect(pointer?.touched).toBeUndefined();
    },
  );

  it('may write is noted anew where it merges what an earlier one has left', async () => {
    await merge([FIRST]);
    await world.arrive({ ...LATE, texts: ['A'] });
    const left = dying(isDelete, () => merge([{ ...NEXT, texts: ['A', 'B', 'X'] }]));
    await expect(left.compact()).rejects.toThrow('dead');
    await touchedBefore(LATE_WRITE_SECONDS);
    const before = Date.now();
    const isAgain = (body: string) => body.includes('"documents":["B"');
    const next = () => world.changePointer('SET fence = :value', 1000);
    await expect(dying(isAgain, next).compact()).rejects.toThrow('dead');
    const [touched] = (await world.pointer())?.touched ?? [];
    expect(touched?.at).toBeGreaterThanOrEqual(before);
    expect(touched?.again).toBe(false);
  });

  it('labels is set right to what a later annotation says', async () => {
    await merge([FIRST]);
    await world.arrive({ ...LATE, ...labelled('early') });
    await stalling(isLabel, () => merge([{ ...NEXT, ...labelled('late') }])).compact();
    expect(await labels()).toEqual(['late', 'late', 'late']);
  });

  it('removes has its labels again, of a later annotation and of one that was merged with the receipt', async () => {
    await merge([FIRST]);
    await world.arrive({ ...LATE, texts: ['A'] });
    const texts = ['A', 'B', 'C'];
    const early = { ...LATE, ...labelled('early') };
    await stalling(isDelete, () => merge([early, { ...NEXT, texts }])).compact();
    expect(await documents()).toEqual(texts);
    expect(await labels()).toEqual(['early', 'early', 'early']);
  });

  it('sends is not sent at all, where it notices first that its lease has ended', async () => {
    await merge([FIRST]);
    await world.arrive({ ...LATE, texts: ['A'] });
    let hasStalled = false;
    const client = intercepted(world.table.client, async ({ input }, send) => {
      if (input.UpdateExpression === 'SET touched = :touched' && !hasStalled) {
        hasStalled = true;
        await world.changePointer('SET lease_expires_at = :value', 1);
        await merge([{ ...NEXT, texts: ['X'] }]);
      }
      return send();
    });
    const written: string[] = [];
    const matches = (body: string) => {
      if (isDelete(body) || body.includes('"embeddings":[')) written.push(body);
      return false;
    };
    proxy.breakAt('before', matches, async () => {});
    const late = writer(proxy.endpoint, {
      table: { ...world.table, client },
      leaseTimes: { renewalSeconds: 3600 },
    });
    const failure = await late.compact().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(LeaseLost);
    expect(written).toEqual([]);
    expect(await documents()).toEqual(['X']);
  });
});

describe('What a merge on a server has touched', () => {
  it('is noted before anything is written, and no more once it has ended well', async () => {
    const [run] = await merge([FIRST]);
    expect((await world.pointer())?.touched).toBeUndefined();
    await world.arrive({ ...LATE, texts: ['A'] });
    let noted: unknown;
    proxy.breakAt('held', isDelete, async () => {
      noted = (await world.pointer())?.touched;
    });
    await writer(proxy.endpoint).compact();
    expect(noted).toEqual([{ at: expect.any(Number), again: false, receipts: [`${run?.image_id}#00001`] }]);
    expect((await world.pointer())?.touched).toBeUndefined();
  });

  it.each([
    ['was not answered', 'after'],
    // As by a gateway, behind which the server may still be at it.
    ['failed', 'failed'],
  ] as const)('stays noted where a request %s, until none can arrive any more', async (_what, when) => {
    const [run] = await merge([FIRST]);
    const late = await world.arrive({ ...LATE, texts: ['A'] });
    proxy.breakAt(when, isDelete, async () => {});
    await writer(proxy.endpoint).compact();
    expect(await world.state(late)).toMatchObject({ state: 'COMPLETED' });
    const receipts = [`${run?.image_id}#00001`];
    expect((await world.pointer())?.touched).toEqual([{ at: expect.any(Number), again: true, receipts }]);

    await touchedBefore(LATE_WRITE_SECONDS);
    await writer().compact();
    expect((await world.pointer())?.touched).toBeUndefined();
    expect(await documents()).toEqual(['A']);
  });

  it('is not more than the pointer can list: else nothing is written, until the list has ended', async () => {
    await merge([FIRST]);
    const receipts = Array.from(
      { length: 5000 },
      (_, index) => `${imageId}#${String(index).padStart(5, '0')}`,
    );
    await world.changePointer('SET touched = :value', [{ at: Date.now(), again: true, receipts }]);
    await world.arrive({ ...LATE, texts: ['A'] });
    await expect(writer().compact()).rejects.toThrow('5000 receipts of lines to be merged again');
    expect(await documents()).toEqual(['A', 'B', 'C']);
  });

  it('is never noted in embedded mode', async () => {
    const requests: string[] = [];
    const client = intercepted(world.table.client, (command, send) => {
      requests.push(JSON.stringify(command.input));
      return send();
    });
    await world.arrive(FIRST);
    await world.compactOnce({ table: { ...world.table, client } });
    expect(requests.filter((request) => request.includes('touched'))).toEqual([]);
  });
});
