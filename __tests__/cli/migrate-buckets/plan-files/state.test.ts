import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isFrozen, readState, StateFile } from '../../../../cli/migrate-buckets/plan-files/state';
import type { Plan, State } from '../../../../contracts/migrate-buckets/plan';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'state-'));
  path = join(folder, 'plan.state.json');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const planOf = (digest: string) => ({ digest }) as Plan;
const STATE: State = {
  version: 1,
  digest: 'mine',
  phase: 'verified',
  started_at: '2026-01-01T00:00:00.000Z',
  saved: { policy: null, lifecycle: { Rules: [] } },
  verified: {
    at: '2026-01-02T00:00:00.000Z',
    digest: 'd',
    objects: 1,
    bytes: 2,
    levels: { P4: 0, P3: 1, P2: 0, P1: 0, P0: 0 },
    snapshots: [{ collection: 'lines', version: '20260101_000000' }],
  },
  server: null,
  no_freeze: false,
  overrides: [{ gate: 'in-use', at: '2026-01-03T00:00:00.000Z' }],
};
const write = (value: unknown) => writeFile(path, JSON.stringify(value));

describe('A state', () => {
  it('is read as it was written', async () => {
    await write(STATE);
    expect(await readState(path)).toEqual(STATE);
  });

  it('is read as not examined, and frozen, where an older release wrote it', async () => {
    const { server, no_freeze, ...older } = STATE;
    await write(older);
    expect(await readState(path)).toEqual({ ...older, server: null, no_freeze: false });
    expect([server, no_freeze]).toEqual([null, false]);
  });

  it('is none before the first apply', async () => {
    expect(await readState(path)).toBeUndefined();
    expect(await StateFile.read(path)).toBeUndefined();
    expect(await StateFile.of(planOf('mine'), path)).toBeUndefined();
  });

  it.each([
    ['no JSON', '{'],
    ['of another version', JSON.stringify({ ...STATE, version: 2 })],
    ['of an unknown phase', JSON.stringify({ ...STATE, phase: 'unfreezing' })],
    ['without the saved policy', JSON.stringify({ ...STATE, saved: {} })],
    ['verified at no time', JSON.stringify({ ...STATE, verified: { ...STATE.verified, at: 'yesterday' } })],
    [
      'verified without snapshots',
      JSON.stringify({ ...STATE, verified: { ...STATE.verified, snapshots: [{}] } }),
    ],
    ['overridden by nobody knows what', JSON.stringify({ ...STATE, overrides: [{}] })],
  ])('is called damaged when it is %s, and never taken for none', async (_what, text) => {
    await writeFile(path, text);
    await expect(readState(path)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/state at .*plan.state.json is damaged \(.+\)\. Restore it from a copy/),
    });
  });

  it('that cannot be read is not taken for none', async () => {
    await mkdir(path);
    await expect(readState(path)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/plan.state.json cannot be read/),
    });
  });
});

describe('The state of a plan', () => {
  it('is its own only by the digest', async () => {
    await write(STATE);
    expect((await StateFile.of(planOf('mine'), path))?.now).toEqual(STATE);
    await expect(StateFile.of(planOf('another'), path)).rejects.toMatchObject({
      exitCode: 5,
      message: `${path} belongs to another plan. Plan again.`,
    });
  });

  it('begins by copying, on disk at once', async () => {
    const { now } = await StateFile.create(planOf('mine'), path);
    expect(now).toEqual({
      version: 1,
      digest: 'mine',
      phase: 'copying',
      started_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      saved: null,
      verified: null,
      server: null,
      no_freeze: false,
      overrides: [],
    });
    expect(await readState(path)).toEqual(now);
  });

  it('changes in memory and on disk together', async () => {
    await write(STATE);
    const file = await StateFile.read(path);
    await file?.save({ phase: 'retiring' });
    expect(file?.now).toEqual({ ...STATE, phase: 'retiring' });
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ ...STATE, phase: 'retiring' });
  });
});

it.each<[State['phase'], boolean]>([
  ['copying', false],
  ['freezing', true],
  ['frozen', true],
  ['verified', true],
  ['retiring', true],
  ['retired', true],
])('of a source that is %s, that it may deny writes is %p', (phase, frozen) => {
  expect(isFrozen({ ...STATE, phase })).toBe(frozen);
});
