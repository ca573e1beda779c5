import { retirementsOf } from '../../../../cli/migrate-buckets/report/retirements';
import type { Deed, HistoryEntry } from '../../../../contracts/migrate-buckets/history';
import { gate, retirement } from './reported';

const history = (...deeds: Deed[]): HistoryEntry[] =>
  deeds.map((deed, second) => ({
    at: `2026-01-01T00:00:0${second}.000Z`,
    command: 'retire',
    seconds: 1,
    deed,
  }));
const begun: Deed = { event: 'begun' };
const { gates, inventory, retired } = retirement();
const passed: Deed = { event: 'gates', message: '', gates, inventory };
const refused: Deed = { ...passed, gates: [gate({ passed: false })] };
const gone = (objects: number): Deed => ({ event: 'deleted', message: '', objects });
const hidden = (objects: number): Deed => ({ event: 'hidden', message: '', objects });
const purged = (versions: number): Deed => ({ event: 'purged', message: '', versions });
const stopped: Deed = { event: 'stopped', message: 'It was interrupted.' };
const ended: Deed = {
  event: 'retired',
  gates,
  inventory,
  retired: { ...(retired as NonNullable<typeof retired>) },
};

it('tells of none where none was begun', () => {
  expect(retirementsOf(history(begun, stopped))).toEqual({ retirement: null, earlier_retirements: [] });
});

it('keeps what a partial one deleted before it stopped', () => {
  expect(
    retirementsOf(history(begun, passed, gone(2), stopped, begun, passed, gone(1), ended)),
  ).toMatchObject({
    earlier_retirements: [{ at: '2026-01-01T00:00:01.000Z', deleted: 2, hidden: 0, retired: null }],
    retirement: { at: '2026-01-01T00:00:05.000Z', deleted: 1, retired },
  });
});

it('counts what was hidden apart from what was deleted for good', () => {
  expect(retirementsOf(history(begun, passed, hidden(3), purged(7), ended)).retirement).toMatchObject({
    hidden: 3,
    deleted: 7,
  });
  expect(
    retirementsOf(history(begun, passed, hidden(3), ended, begun, refused)).earlier_retirements,
  ).toHaveLength(1);
});

it('keeps one that was killed, which may have deleted more than it told', () => {
  expect(retirementsOf(history(begun, passed, begun, refused))).toMatchObject({
    earlier_retirements: [{ deleted: 0, retired: null }],
    retirement: { gates: [{ passed: false }] },
  });
});

it('leaves out earlier ones that deleted nothing: a gate did not hold, or there was nothing', () => {
  const untold = retirementsOf(history(begun, refused, begun, passed, ended, begun, passed, gone(1), ended));
  expect(untold).toMatchObject({ earlier_retirements: [], retirement: { deleted: 1 } });
});

it('takes nothing of another call for its own', () => {
  expect(retirementsOf(history(begun, passed, begun, gone(5), ended)).retirement).toMatchObject({
    deleted: 0,
    retired: null,
  });
});

it('keeps each of many that deleted something and came to an end', () => {
  const all = [5, 4, 3].flatMap((objects) => [begun, passed, gone(objects), ended]);
  const { retirement: last, earlier_retirements: earlier } = retirementsOf(history(...all));
  expect([...earlier, last].map((each) => each?.deleted)).toEqual([5, 4, 3]);
});

it('knows that nothing was deleted where one gate of several did not hold', () => {
  const mixed: Deed = { ...passed, gates: [gate(), gate({ passed: false })] };
  expect(retirementsOf(history(begun, mixed, begun, passed)).earlier_retirements).toEqual([]);
});
