import { judge } from '../../../../cli/migrate-buckets/report/verdict';
import type { Plan } from '../../../../contracts/migrate-buckets/plan';
import { gate, plan, proof, retirement } from './reported';

type Known = Parameters<typeof judge>[0];
const known = (changes: Partial<Known> = {}): Known => ({
  phase: 'retired',
  plan: plan(),
  frozen: { at: '2026-01-01T12:00:00Z', by: 'ann@host' },
  server: null,
  no_freeze: false,
  overrides: [],
  proof: proof(),
  retirement: retirement(),
  earlier_retirements: [],
  ...changes,
});
const judged = (changes: Partial<Known> = {}) => judge(known(changes));

describe('the standing of a migration', () => {
  it.each<[Known['phase'], ReturnType<typeof judge>['standing']]>([
    ['planned', 'planned'],
    ['copying', 'unproven'],
    ['freezing', 'unproven'],
    ['frozen', 'unproven'],
    ['verified', 'proven'],
    ['retiring', 'retiring'],
    ['retired', 'retired'],
  ])('in the phase %s is %s', (phase, standing) => {
    expect(judged({ phase }).standing).toBe(standing);
  });

  it.each<Known['phase']>(['verified', 'retiring', 'retired'])(
    'is never better than unproven where no proof is on record, though it is %s',
    (phase) => {
      expect(judged({ phase, proof: null })).toMatchObject({
        standing: 'unproven',
        sentence:
          phase === 'verified'
            ? 'It is not shown that every object is proven: nothing of old may be deleted.'
            : 'The deletion of old has begun, and nothing on record shows that what went was proven.',
      });
    },
  );

  it('is planned before anything is proven', () => {
    expect(judged({ phase: 'planned', proof: null, retirement: null, frozen: null })).toEqual({
      standing: 'planned',
      sentence: 'Nothing was copied yet, and old is as it was.',
      evidence: [],
      concerns: [],
    });
  });

  it('is said in a sentence', () => {
    expect(judged().sentence).toBe('What was verified of old was proven in new before it was deleted.');
    expect(judged({ phase: 'retiring' }).sentence).toBe(
      'The deletion of old has begun: each object goes only once new is seen to hold it.',
    );
    expect(judged({ phase: 'verified' }).sentence).toBe(
      'Every object of old is proven in new. Nothing was deleted.',
    );
  });

  it('B5: names the place that an archive goes to', () => {
    const archived = (placement: Plan['placement']) =>
      (['verified', 'retiring', 'retired'] as const).map(
        (phase) => judged({ phase, plan: plan({ placement }) }).sentence,
      );
    for (const sentence of archived({ archived: [''], live: [] })) {
      expect(sentence).toContain(' archive/old/ of new');
    }
    for (const sentence of archived({ archived: [''], live: ['lines/'] })) {
      expect(sentence).not.toContain('archive/');
    }
  });

  it('B5: says that filters leave something out, and not that every object is proven', () => {
    const sentence = (objects: number) =>
      judged({ phase: 'verified', plan: plan({ left_out: { objects, bytes: 1 } }) }).sentence;
    expect(sentence(0)).toBe('Every object of old is proven in new. Nothing was deleted.');
    expect(sentence(1)).toBe(
      'What the plan takes of old is proven in new, and the rest is not. Nothing was deleted.',
    );
  });

  it('B5: does not call hidden what was deleted, nor deleted what is only hidden', () => {
    const hid = retirement({ hidden: 3, deleted: 0 }, { hidden: true, deleted: 0, left: null });
    const hidden =
      'The objects of old are hidden, each once new was seen to hold it. Nothing was deleted for good.';
    const begun = 'The deletion of old has begun: each object goes only once new is seen to hold it.';
    const sentence = (changes: Partial<Known>) => judged({ phase: 'retiring', ...changes }).sentence;
    expect(sentence({ retirement: hid })).toBe(hidden);
    expect(sentence({ retirement: hid, earlier_retirements: [hid] })).toBe(hidden);
    expect(sentence({ retirement: hid, earlier_retirements: [retirement()] })).toBe(begun);
    expect(sentence({ retirement: retirement({ deleted: 1 }, { hidden: true }) })).toBe(begun);
    expect(sentence({ retirement: retirement({ deleted: 0, retired: null }) })).toBe(begun);
    expect(sentence({ retirement: null })).toBe(begun);
  });
});

describe('what it rests on', () => {
  it('is the proof by level, the freeze and the gates', () => {
    expect(judged({ proof: proof({ P4: 1, P2: 2 }) }).evidence).toEqual([
      "3 objects (3.0 KiB) were proven at 2026-01-02 00:00:00 UTC: 1 by the application's own hash on both sides (P4), 2 as a copy of ours under an ETag pin (P2).",
      'old was frozen at 2026-01-01 12:00:00 UTC by ann@host, so that nobody else could write to it.',
      'All 2 gates of the retirement held at 2026-01-03 00:00:00 UTC.',
    ]);
  });

  it('names one object, and none, as such', () => {
    expect(judged({ proof: proof({ P3: 1 }) }).evidence[0]).toMatch(
      /^1 object .* was proven at .*: 1 by the same ETag, or every byte \(P3\)\.$/,
    );
    expect(judged({ proof: proof({}) }).evidence[0]).toMatch(/^0 objects .*: there was none\.$/);
    expect(judged({ proof: proof({ P1: 1, P0: 1 }) }).evidence[0]).toContain(
      '1 by their size alone (P1), 1 not at all (P0)',
    );
  });

  it('says on how many objects the properties were compared, and whether these are all', () => {
    const fidelity = { compared: 1, differing: 0, deep: false, seed: 7 };
    const said = (deep: boolean) =>
      judged({ proof: { ...proof(), fidelity: { ...fidelity, deep } } }).evidence;
    const sentence = 'Content type, encoding, cache control, metadata and tags were compared on 1 object';
    expect(said(false)).toContain(`${sentence}.`);
    expect(said(true)).toContain(`${sentence}, which are all.`);
  });

  it('says of no freeze that nobody tells of, and of no gates that were not evaluated', () => {
    expect(judged({ frozen: null, retirement: null }).evidence).toHaveLength(1);
  });

  it('counts the gates that hold only by an override, and names those that do not hold', () => {
    const last = (gates: ReturnType<typeof gate>[]) =>
      judged({ retirement: retirement({ gates }) }).evidence.at(-1);
    expect(last([gate(), gate({ overridden: true })])).toBe(
      'All 2 gates of the retirement held at 2026-01-03 00:00:00 UTC, 1 of them only by an override.',
    );
    expect(last([gate(), gate({ name: 'owner', passed: false }), gate({ name: 'x', passed: false })])).toBe(
      '2 of 3 gates did not hold at 2026-01-03 00:00:00 UTC: owner, x.',
    );
  });
});

describe('what was given up', () => {
  it('is nothing where all went by the rules', () => {
    expect(judged().concerns).toEqual([]);
  });

  it('is that nothing shows what was proven, once a deletion began', () => {
    const sentence = 'Nothing on record shows what was proven before the deletion began.';
    for (const phase of ['retiring', 'retired'] as const) {
      expect(judged({ phase, proof: null }).concerns).toEqual([sentence]);
    }
    expect(judged({ phase: 'frozen', proof: null }).concerns).toEqual([]);
  });

  it('is each gate that was overridden, once', () => {
    const at = '2026-01-03T00:00:00.000Z';
    const overrides = ['state', 'in-use', 'state'].map((each) => ({ gate: each, at }));
    expect(judged({ overrides }).concerns).toEqual([
      'The gate "state" was overridden by the operator.',
      'The gate "in-use" was overridden by the operator.',
    ]);
  });

  it('is each capability that was accepted as missing, and the freeze', () => {
    const at = '2026-01-01T00:00:00.000Z';
    const server = { at, checks: [], accepted_missing: [{ capability: 'tags' as const, at }] };
    const { concerns } = judged({ server, no_freeze: true });
    expect(concerns).toEqual([
      'The server lacks tags, which was accepted: tags and metadata can be lost.',
      expect.stringMatching(/^The source is not frozen \(--no-freeze\).*\.$/),
    ]);
  });

  it('is the older versions: as planned before a deletion, as they were found once it began', () => {
    const sentence = (count: string) => `${count} not part of the migration.`;
    const planned = plan({ noncurrent_versions: 1 });
    expect(judged({ phase: 'verified', plan: planned }).concerns).toEqual([sentence('1 older version is')]);
    expect(judged({ plan: planned }).concerns).toEqual([]);
    const { inventory } = retirement();
    const found = (objects: number) => inventory && { ...inventory, older: { objects, bytes: 9 } };
    const afterwards = (phase: Known['phase'], objects: number) =>
      judged({ phase, retirement: retirement({ inventory: found(objects) }) }).concerns;
    expect(afterwards('retiring', 2)).toEqual([sentence('2 older versions are')]);
    const lost = (which: string) => `${which} deleted without a copy: only current objects were migrated.`;
    expect(afterwards('retired', 2)).toEqual([lost('2 older versions were')]);
    expect(afterwards('retired', 1)).toEqual([lost('1 older version was')]);
    expect(judged({ retirement: null }).concerns).toEqual([]);
    expect(judged({ retirement: retirement({ inventory: null }) }).concerns).toEqual([]);
    const unknown = plan({ noncurrent_versions: null });
    expect(judged({ phase: 'verified', plan: unknown }).concerns).toEqual([]);
  });

  it('is that filters left objects out', () => {
    const leftOut = (objects: number) => judged({ plan: plan({ left_out: { objects, bytes: 1 } }) }).concerns;
    const sentence = (which: string) =>
      `${which} left out by the plan's filters: neither copied nor proven, and not to be deleted.`;
    expect(leftOut(0)).toEqual([]);
    expect(leftOut(1)).toEqual([sentence('1 object of old is')]);
    expect(leftOut(2)).toEqual([sentence('2 objects of old are')]);
  });

  it('is each delta whose loss was accepted', () => {
    const stranded = { included: 0, accepted_lost: ['lines/delta/x'] };
    expect(judged({ plan: plan({ stranded }) }).concerns).toEqual([
      'The loss of lines/delta/x was accepted.',
    ]);
  });

  it('counts the older versions that an earlier attempt deleted', () => {
    const found = (objects: number) => {
      const made = retirement();
      return { ...made, inventory: made.inventory && { ...made.inventory, older: { objects, bytes: 1 } } };
    };
    const concerns = judged({ earlier_retirements: [found(4)], retirement: found(0) }).concerns;
    expect(concerns).toContain(
      '4 older versions were deleted without a copy: only current objects were migrated.',
    );
    expect(judged({ earlier_retirements: [found(1)], retirement: found(3) }).concerns).toContain(
      '3 older versions were deleted without a copy: only current objects were migrated.',
    );
  });

  it('is what could not be deleted, and what is left', () => {
    const left = { versions: 1, bytes: 5, newer: 1, newer_keys: ['x'] };
    expect(judged({ retirement: retirement({}, { failed_count: 1, left }) }).concerns).toEqual([
      '1 object could not be deleted.',
      'old still holds 1 version.',
    ]);
    expect(judged({ retirement: retirement({ retired: null }) }).concerns).toEqual([]);
    // B5: a later attempt that did not come to its end hides nothing of it.
    const earlier = [retirement({}, { failed_count: 2, left })];
    expect(
      judged({ earlier_retirements: earlier, retirement: retirement({ retired: null }) }).concerns,
    ).toEqual(['2 objects could not be deleted.', 'old still holds 1 version.']);
    expect(judged({ earlier_retirements: earlier }).concerns).toEqual([]);
    expect(judged({ retirement: retirement({}, { left: null }) }).concerns).toEqual([]);
  });
});
