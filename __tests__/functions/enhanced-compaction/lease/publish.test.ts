import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import type { VersionManifest } from '../../../../contracts/collection-pointer';
import { type Lease, LeaseLost } from '../../../../functions/enhanced-compaction/lease/lease';
import {
  isPublication,
  onCheckpoint,
  type Publication,
  publish,
} from '../../../../functions/enhanced-compaction/lease/publish';
import { intercepted } from '../../../support/intercepted-client';
import { useRunTable } from '../../../support/lone-run-table';

const table = useRunTable();

const [OLD, NEW, OTHER] = ['20260101_000000', '20260102_000000', '20260103_000000'] as const;
const manifest = (records: number): VersionManifest => ({
  created_at: '2026-01-01T00:00:00.000Z',
  records,
  space: 'cosine',
  model: 'model',
  dimensions: 3,
  text_format_version: 1,
  runs: [],
  uncovered_deltas: ['lines/delta/x/delta.arrow'],
  delta_sha256s: ['a'.repeat(64)],
  unmerged_deltas: ['lines/delta/y/delta.arrow'],
  uncovered_records: records,
  lineage: [],
});
const OWNER = { lease_owner: 'me', fence: 3 };
const lease = { collection: 'lines', owner: 'me', fence: 3 } as Lease;
const BEFORE = {
  version: OLD,
  manifest: manifest(1),
  snapshot_version: OLD,
  snapshot_at: '2026-01-01T00:00:00.000Z',
};
const BASE = { version: NEW, records: 2, digest: 'd'.repeat(64), files_sha256: 'f'.repeat(64) };
const next: Publication = { version: NEW, manifest: manifest(2) };

describe('The pointer moves', () => {
  it('to a first version', async () => {
    await table.setPointer(OWNER);
    expect(await publish(table, lease, {}, next)).toBe(next);
    expect(await table.pointer()).toEqual({ ...OWNER, ...next });
  });

  it('from the version that was merged onto, and takes a snapshot away that it no longer has', async () => {
    await table.setPointer({ ...OWNER, ...BEFORE });
    expect(await publish(table, lease, BEFORE, next)).toBe(next);
    expect(await table.pointer()).toEqual({ ...OWNER, ...next });
  });

  it('without being read again when the write was answered', async () => {
    await table.setPointer({ ...OWNER, ...BEFORE });
    const unreadable = {
      ...table,
      client: intercepted(table.client, (command, send) =>
        command.input.UpdateExpression === undefined ? Promise.reject(new Error('It was read.')) : send(),
      ),
    };
    expect(await publish(unreadable, lease, BEFORE, next)).toBe(next);
  });

  it('with all that it is to say', async () => {
    await table.setPointer({ ...OWNER, ...BEFORE });
    const covered = onCheckpoint(next, BASE, new Date('2026-01-02T00:00:00Z'));
    await publish(table, lease, BEFORE, covered);
    expect(await table.pointer()).toEqual({ ...OWNER, ...covered });
  });
});

it.each([
  [{}, false],
  [{ version: OLD }, false],
  [{ manifest: manifest(1) }, false],
  [{ version: OLD, manifest: manifest(1) }, true],
])('Something is published once the pointer has a version and its manifest: %j', (pointer, expected) => {
  expect(isPublication(pointer)).toBe(expected);
});

describe('The pointer stays where it is', () => {
  it.each([
    ['a version came into being meanwhile', { ...OWNER, ...BEFORE }, {}],
    ['the version is another one', { ...OWNER, ...BEFORE, version: OTHER }, BEFORE],
    ['there is no version any more', OWNER, BEFORE],
    ['the lease is of another owner', { ...OWNER, ...BEFORE, lease_owner: 'another' }, BEFORE],
    ['the lease was given back', { ...BEFORE, fence: 3 }, BEFORE],
    ['the fence has moved on', { ...OWNER, ...BEFORE, fence: 4 }, BEFORE],
  ])('when %s', async (_what, there, before) => {
    await table.setPointer(there);
    const refused = publish(table, lease, before, next);
    await expect(refused).rejects.toBeInstanceOf(LeaseLost);
    await expect(refused).rejects.toThrow(/^The pointer of lines was moved by another writer/);
    expect(await table.pointer()).toEqual(there);
  });
});

describe('When the answer to the write is lost', () => {
  const lost = new Error('No answer.');
  /** The table, whose update goes through `around`. */
  const whoseUpdate = (around: (send: () => Promise<unknown>) => Promise<unknown>) => ({
    ...table,
    client: intercepted(table.client, (command, send) =>
      command.input.UpdateExpression === undefined ? send() : around(send),
    ),
  });
  /** The update never arrives, and the pointer changes in this way meanwhile. */
  const never = (changes?: Readonly<Record<string, unknown>>) =>
    whoseUpdate(async () => {
      if (changes !== undefined) await table.setPointer(changes);
      throw lost;
    });
  beforeEach(() => table.setPointer({ ...OWNER, ...BEFORE }));

  it.each([
    ['by an error', lost],
    [
      'so that a second try finds its condition false',
      new ConditionalCheckFailedException({ message: '', $metadata: {} }),
    ],
  ])('%s, the write has succeeded all the same', async (_what, error) => {
    const late = whoseUpdate(async (send) => {
      await send();
      throw error;
    });
    expect(await publish(late, lease, BEFORE, next)).toBe(next);
    expect(await table.pointer()).toEqual({ ...OWNER, ...next });
  });

  it.each([
    ['another manifest', { manifest: manifest(9) }],
    ['another snapshot', { snapshot_version: OTHER }],
    ['a later snapshot', { snapshot_at: '2027-01-01T00:00:00.000Z' }],
  ])('and the version stands there with %s, it was not this write', async (_what, changes) => {
    const full = { ...next, snapshot_version: OLD, snapshot_at: '2026-01-01T00:00:00.000Z' };
    const refused = publish(never({ ...full, ...changes }), lease, BEFORE, full);
    await expect(refused).rejects.toBeInstanceOf(LeaseLost);
  });

  it('the failure is told as it is for as long as the write may yet be made', async () => {
    await expect(publish(never(), lease, BEFORE, next)).rejects.toBe(lost);
  });

  it.each([
    ['version', { version: OTHER }],
    ['fence', { fence: 4 }],
  ])('nobody waits for it once the %s has moved on', async (_what, changes) => {
    await expect(publish(never(changes), lease, BEFORE, next)).rejects.toBeInstanceOf(LeaseLost);
  });
});

it('says of a version that a checkpoint holds that it is its own base, and that nothing is uncovered any more', () => {
  expect(onCheckpoint(next, BASE, new Date('2026-01-02T03:04:05.678Z'))).toEqual({
    version: NEW,
    manifest: {
      ...manifest(2),
      base: BASE,
      uncovered_deltas: [],
      delta_sha256s: [],
      unmerged_deltas: [],
      uncovered_records: 0,
    },
    snapshot_version: NEW,
    snapshot_at: '2026-01-02T03:04:05.678Z',
  });
});
