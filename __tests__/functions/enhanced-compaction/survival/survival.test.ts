import { POISONS, stormOf } from './storm';
import { runSuite } from './suite';

/** `npm run test:survival` makes thousands of kills; a storm makes some fifteen to twenty. */
const STORMS = { embedded: 3, server: 2 } as const;
const LEAST_KILLS = { embedded: 30, server: 15 } as const;
/** Of a storm's hundreds of records. An index of this kind may miss one now and then (decision 18), on any machine. */
const MOST_HIDDEN = 2;
/** Doorbells of a burst. On demand they are 12,000. */
const BURST = 300;

it('decides the whole of a storm by its seed', () => {
  const options = { mode: 'embedded', burst: 10 } as const;
  expect(stormOf(7, options)).toEqual(stormOf(7, options));
  expect(stormOf(7, options)).not.toEqual(stormOf(8, options));
});

it('has storms of every kind', () => {
  const storms = Array.from({ length: 40 }, (_, seed) => stormOf(seed, { mode: 'embedded', burst: 10 }));
  const beats = storms.flatMap((storm) => storm.beats);
  const kinds = (each: { kind: string }) => each.kind;
  expect(new Set(beats.flatMap(({ troubles }) => troubles.map(kinds)))).toEqual(
    new Set(['kill', 'kill Chroma', 'stall', 'fault', 'damage', 'full disk']),
  );
  const poisons = beats.flatMap(({ arrivals }) =>
    arrivals.flatMap((each) => (each.kind === 'poison' ? [each.poison] : [])),
  );
  expect(new Set(poisons)).toEqual(new Set(POISONS));
  expect(poisons).toHaveLength(storms.length);
  expect(new Set(storms.map(({ burst }) => burst))).toEqual(new Set([0, 10]));
});

it.each(['embedded', 'server'] as const)(
  'in %s mode nothing is lost, double or blocked, and next to nothing hidden',
  async (mode) => {
    const complaints: unknown[] = [];
    const summary = await runSuite({
      storms: STORMS[mode],
      seed: 1,
      mode,
      burst: BURST,
      concurrency: 3,
      told: ({ seed, lost, double, hidden, blocked }) => {
        const all = [...lost, ...double, ...(hidden.length > MOST_HIDDEN ? hidden : []), ...blocked];
        if (all.length > 0) complaints.push({ seed, all });
      },
    });
    expect(complaints).toEqual([]);
    expect(summary).toMatchObject({ storms: STORMS[mode], lost: [], double: [], blocked: [] });
    expect(summary.kills).toBeGreaterThan(LEAST_KILLS[mode]);
    expect(summary.faults).toBeGreaterThan(0);
  },
);
