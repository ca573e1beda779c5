import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keepingHistory, readHistory } from '../../../../cli/migrate-buckets/plan-files/history';
import { runsOf } from '../../../../cli/migrate-buckets/report/runs';
import { makeAws } from '../../../../cli/shared/aws/clients';
import { UserError } from '../../../../cli/shared/user-error';
import type { MigrationEvent } from '../../../../contracts/migrate-buckets/output';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'history-'));
  path = join(folder, 'history.ndjson');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const told: MigrationEvent[] = [];
const context = {
  aws: makeAws({}),
  report: { tell: (event: MigrationEvent) => void told.push(event), progress() {} },
  signal: new AbortController().signal,
  ask: undefined,
};
const frozen = { event: 'frozen', message: 'It is frozen.' } as const;
const keep = (at: string, tell: MigrationEvent, fail?: Error) =>
  keepingHistory(context, at, 'apply', async ({ report }) => {
    report.tell(tell);
    if (fail !== undefined) throw fail;
  });
const events = async () => (await readHistory(path)).map(({ deed }) => deed.event);

it('keeps what a command tells, and hands it on', async () => {
  await keep(path, frozen);
  expect(told.at(-1)).toBe(frozen);
  expect(await readHistory(path)).toMatchObject([
    { command: 'apply', deed: { event: 'begun' } },
    { command: 'apply', deed: frozen },
  ]);
});

it('keeps nothing that comes once for each object', async () => {
  await keep(path, { event: 'object-failed', message: 'It failed.', key: 'k' });
  expect(await events()).toEqual(['begun']);
});

it('keeps the sentence with which a command stopped, and no stack', async () => {
  await expect(keep(path, frozen, new UserError('The disk is full.'))).rejects.toThrow();
  await expect(keep(path, frozen, new Error('at secret.ts'))).rejects.toThrow();
  const runs = runsOf(await readHistory(path));
  expect(runs.map(({ end, steps }) => [end, steps.at(-1)?.message])).toEqual([
    ['stopped', 'The disk is full.'],
    ['stopped', 'It was interrupted.'],
  ]);
});

it('passes over a line that a crash cut off, and what a newer release wrote, and nothing else', async () => {
  await keep(path, frozen);
  await writeFile(path, '{"at":"2026-01-0', { flag: 'a' });
  await keep(path, frozen);
  await writeFile(path, '{"at":"2027-01-01T00:00:00Z","command":"x","seconds":0,"deed":{"event":"new"}}\n', {
    flag: 'a',
  });
  expect(await events()).toEqual(['begun', 'frozen', 'begun', 'frozen']);
});

it('stops nothing where it cannot be written: nothing rests on it', async () => {
  await keep(join(folder, 'no', 'such', 'folder'), frozen);
  expect(await readdir(folder)).toEqual([]);
  expect(await readHistory(path)).toEqual([]);
});

it('tells of a call that was killed that no end of it is known', async () => {
  await keep(path, frozen);
  expect(runsOf(await readHistory(path))).toMatchObject([{ command: 'apply', end: 'unknown' }]);
});
