import { reportPage } from '../../../../cli/migrate-buckets/report/page';
import { runsOf } from '../../../../cli/migrate-buckets/report/runs';
import { judge } from '../../../../cli/migrate-buckets/report/verdict';
import type { HistoryEntry } from '../../../../contracts/migrate-buckets/history';
import type { Report } from '../../../../contracts/migrate-buckets/report';
import { gate, plan, proof, retirement } from './reported';

/** B5: the page says nothing that is not so, in whatever state the migration is. */
const AT = '2026-01-01T00:00:00.000Z';

/** The page as a reader sees it: its text alone. */
function read(changes: Partial<Report>): string {
  const known = {
    phase: 'retired' as const,
    plan: plan(),
    frozen: null,
    server: null,
    no_freeze: false,
    overrides: [],
    proof: proof(),
    retirement: retirement(),
    earlier_retirements: [],
    ...changes,
  };
  const report: Report = {
    made_at: AT,
    tool: 'migrate-buckets',
    verdict: judge(known),
    authority: null,
    copied: null,
    runs: [],
    certificates: [],
    ...known,
  };
  return reportPage(report)
    .replace(/<style>.*?<\/style>/s, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');
}

it.each(['retiring', 'retired'] as const)(
  'B5: does not say that nothing was done where no more than that it is %s is on record',
  (phase) => {
    const page = read({ phase, proof: null, retirement: null });
    expect(page).toContain('What is not on record');
    expect(page).toContain('The retirement was begun, and its record is not beside the plan.');
    expect(page).toContain('The retirement was begun. What it deleted is not on record.');
    expect(page).toContain('What was carried out is not on record.');
    for (const untrue of [
      'Nothing was deleted',
      'No retirement was begun',
      'Nothing is proven yet',
      'nothing was copied',
      'may be deleted',
    ]) {
      expect(page).not.toContain(untrue);
    }
  },
);

it('B5: says in the phase before it what was not done', () => {
  const page = read({ phase: 'planned', proof: null, retirement: null });
  expect(page).toContain('No retirement was begun, so no gate is on record.');
  expect(page).toContain('Nothing was deleted.');
  expect(page).toContain('Nothing was carried out yet.');
});

it('B5: counts one of a thing as one', () => {
  const page = read({
    plan: plan({ requests: { list: 1, copy: 1, read: 1 }, noncurrent_versions: 1 }),
    proof: { ...proof({ P3: 1 }), fidelity: { compared: 1, differing: 1, deep: true, seed: 1 } },
    copied: { objects: 1, bytes: 1 },
    certificates: [{ at: AT, path: 'certificate.json', digest: 'd', objects: 1 }],
  });
  expect(page).toContain('1 listing, 1 copy, 1 read');
  expect(page).toContain('1 older version stays behind');
  expect(page).toContain('of 1 object, which are all: 1 differs.');
  expect(page).not.toMatch(/\b1 (?:objects|copies|listings|reads|versions|older versions)\b/);
});

it('B5: shows what the filters leave out, and does not call the rest all', () => {
  const page = read({
    phase: 'verified',
    plan: plan({ left_out: { objects: 2, bytes: 9 } }),
    retirement: retirement({
      gates: [gate({ name: 'proven', passed: false })],
      inventory: {
        objects: { objects: 3, bytes: 9 },
        decoys: { objects: 0, bytes: 0 },
        older: { objects: 0, bytes: 0 },
        markers: 0,
        left_out: { objects: 2, bytes: 9 },
      },
      retired: null,
      deleted: 0,
    }),
  });
  expect(page).toContain('What is proven, and what was left out');
  expect(page).toContain('left out by the filters 2 9 B');
  expect(page).toContain('left out by the filters of the plan: never deleted 2 9 B');
  expect(page).not.toMatch(/Every object of old is proven|Why it is safe/);
});

it('B5: names the place of an archive, and the rules that delete what lies there', () => {
  const page = read({
    plan: plan({
      placement: { archived: [''], live: [], folder: 'again' },
      expiry: {
        unread: null,
        rules: [
          { id: 'r', what: 'objects, 1 day after they were written', objects: 1, bytes: 1, example: 'k' },
        ],
      },
    }),
  });
  expect(page).toContain(
    'What was verified of old was proven in archive/again/ of new before it was deleted.',
  );
  expect(page).toContain('The lifecycle rule r of new deletes objects, 1 day after they were written');
});

describe('B5: of a call, the page says', () => {
  const said = (deed: HistoryEntry['deed']) =>
    runsOf([
      { at: AT, command: 'c', seconds: 0, deed: { event: 'begun' } },
      { at: AT, command: 'c', seconds: 1, deed },
    ])[0]?.steps[0]?.message;
  const { gates, inventory, retired } = retirement({}, { mode: 'soft', deleted: 0, left: null });

  it('that a soft retirement deleted nothing', () => {
    if (retired === null) throw new Error('It came to an end.');
    expect(said({ event: 'retired', gates, inventory, retired })).toBe(
      'The bucket is marked as retired; nothing was deleted.',
    );
  });

  it('that a plan with filters proved what it takes', () => {
    const tally = { objects: 0, bytes: 0 };
    const verification = {
      digest: 'd',
      objects: 1,
      bytes: 1,
      levels: { P4: tally, P3: tally, P2: tally, P1: tally, P0: tally },
      decoys: 0,
      extra: 0,
      problems: [],
      problem_count: 0,
      proven: true,
      snapshots: [],
    };
    const migrated = (left?: number) =>
      said({
        event: 'migrated',
        copied: 1,
        bytes: 1,
        passes: 3,
        failed: 0,
        seconds: 1,
        verification: {
          ...verification,
          ...(left === undefined ? {} : { left_out: { objects: left, bytes: 1 } }),
        },
      });
    expect(migrated()).toBe('1 object was copied, and all is proven.');
    expect(migrated(0)).toBe('1 object was copied, and all is proven.');
    expect(migrated(1)).toBe('1 object was copied, and all that is taken is proven.');
  });

  it('what a rollback left to other plans', () => {
    const back = {
      event: 'rolled-back' as const,
      source: 'old',
      destination: 'new',
      unfrozen: true,
      steps: [],
      copied: 1,
      left: [],
      left_count: 0,
    };
    expect(said({ ...back, others: [] })).toBe(
      '1 object was copied back to old. old is not frozen any more. ',
    );
    expect(said({ ...back, others: [{ place: 'archive/x/', objects: 2 }] })).toContain(
      'What other plans put there is left out (2 objects).',
    );
  });
});
