import { scenarioOf } from './scenario';
import { runSuite } from './suite';

/** So many as take well under a minute: `npm run test:faults` runs hundreds. */
const RUNS = 10;

it('decides the whole of a run by its seed', () => {
  expect(scenarioOf(7)).toEqual(scenarioOf(7));
  expect(scenarioOf(7)).not.toEqual(scenarioOf(8));
});

it('never says done where something differs, deletes nothing unproven, never hangs, and comes to its end', async () => {
  const complaints: unknown[] = [];
  const summary = await runSuite({
    runs: RUNS,
    seed: 1,
    concurrency: 2,
    told: ({ seed, exitZeroWithDifference, deletedUnproven, overwritten, hung, broken }) => {
      const all = [...exitZeroWithDifference, ...deletedUnproven, ...overwritten, ...hung, ...broken];
      if (all.length > 0) complaints.push({ seed, all });
    },
  });
  expect(complaints).toEqual([]);
  expect(summary).toMatchObject({ runs: RUNS, hung: 0, broken: 0 });
  expect(summary.kills).toBeGreaterThan(0);
  expect(summary.faults).toBeGreaterThan(RUNS);
});
