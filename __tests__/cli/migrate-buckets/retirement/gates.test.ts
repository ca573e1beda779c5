import fc from 'fast-check';
import { ONCE_BEGUN } from '../../../../cli/migrate-buckets/plan-files/once-begun';
import { allPass, evaluateGates, type RetireFacts } from '../../../../cli/migrate-buckets/retirement/gates';
import type { Check, ServerRecord } from '../../../../contracts/migrate-buckets/capabilities';
import type { State } from '../../../../contracts/migrate-buckets/plan';
import type { Verification } from '../../../../contracts/migrate-buckets/verification';
import type { Capability } from '../../../../contracts/migrate-buckets/words';
import { REFERENCE_KINDS, type ReferenceKind } from '../../../../contracts/migrate-buckets/words';

const VERIFIED_AT = Date.parse('2026-01-01T00:00:00Z');
const NO_OBJECTS = { objects: 0, bytes: 0 };

const AT = new Date(VERIFIED_AT).toISOString();
const server = fc
  .record({
    deletion: fc.constantFrom<Check['result'] | undefined>('proven', 'missing', 'unchecked', undefined),
    accepted: fc.subarray<Capability>(['expected-owner', 'conditional-delete']),
  })
  .map(
    ({ deletion, accepted }): ServerRecord => ({
      at: AT,
      checks: [
        { capability: 'conditional-delete', bucket: 'another', result: 'proven', evidence: 'E' },
        ...(deletion === undefined
          ? []
          : [
              {
                capability: 'conditional-delete' as const,
                bucket: 'old',
                result: deletion,
                evidence: 'It was tried.',
              },
            ]),
      ],
      accepted_missing: accepted.map((capability) => ({ capability, at: AT })),
    }),
  );
const PROVEN: ServerRecord = {
  at: AT,
  checks: [{ capability: 'conditional-delete', bucket: 'old', result: 'proven', evidence: 'It was tried.' }],
  accepted_missing: [],
};

const state = fc
  .record({
    phase: fc.constantFrom<State['phase']>(
      'copying',
      'freezing',
      'frozen',
      'verified',
      'retiring',
      'retired',
    ),
    isVerified: fc.boolean(),
    server: fc.oneof(fc.constant(PROVEN), server, fc.constant(null)),
    no_freeze: fc.boolean(),
  })
  .map(
    ({ phase, isVerified, ...more }): State => ({
      version: 1,
      digest: 'd',
      phase,
      started_at: new Date(VERIFIED_AT).toISOString(),
      saved: null,
      verified: isVerified
        ? {
            at: new Date(VERIFIED_AT).toISOString(),
            digest: 'd',
            objects: 1,
            bytes: 1,
            levels: { P4: 0, P3: 1, P2: 0, P1: 0, P0: 0 },
            snapshots: [],
          }
        : null,
      ...more,
      overrides: [],
    }),
  );

const verification = fc.nat(2).map(
  (count): Verification => ({
    digest: 'd',
    objects: 2,
    bytes: 2,
    levels: { P4: NO_OBJECTS, P3: NO_OBJECTS, P2: NO_OBJECTS, P1: NO_OBJECTS, P0: NO_OBJECTS },
    decoys: 0,
    extra: 0,
    problems: Array.from({ length: count }, () => ({ key: 'k', level: 'P0', why: 'It is missing.' })),
    problem_count: count,
    proven: count === 0,
    snapshots: [],
  }),
);

const someKinds = fc.subarray<ReferenceKind>([...REFERENCE_KINDS]);

/** Mostly facts that hold, so that every condition is also met as the only one that fails. */
const facts: fc.Arbitrary<RetireFacts> = fc.record({
  source: fc.constant('old'),
  destination: fc.constant('new'),
  archivedUnder: fc.option(fc.constant('archive/old/')),
  state: fc.oneof({ weight: 9, arbitrary: state }, { weight: 1, arbitrary: fc.constant(undefined) }),
  unchanged: fc.record({ holds: fc.boolean(), evidence: fc.constant('as listed') }),
  leftOut: fc.constantFrom(0, 0, 0, 2),
  verification: fc.option(verification),
  survey: fc.record({
    texts: fc.constant([]),
    unchecked: someKinds.map((kinds) => kinds.map((kind) => ({ kind, why: 'Nobody answered.' }))),
    regions: fc.constant(['eu-west-1']),
  }),
  references: fc.oneof(
    fc.constant([]),
    someKinds.map((kinds) => kinds.map((kind) => ({ kind, where: 'somewhere', text: 'old' }))),
  ),
  now: fc.integer({ min: -10, max: 10 }).map((seconds) => VERIFIED_AT + seconds * 1000),
  soak: fc.nat(10),
  keptDeltas: fc.option(
    fc.record({ live: fc.nat(2), covered: fc.nat(2), unmerged: fc.subarray(['kept', 'lost']) }),
  ),
  losses: fc.constantFrom(new Set<string>(), new Set(['lost']), new Set(['kept', 'lost'])),
  writtenSince: fc.constantFrom({ key: 'k' }, { copiedFrom: 'another' }, { altered: 'a file' }, null),
  expiring: fc.option(fc.constant('A rule deletes them.')),
  listeners: fc.option(fc.constant('S3 tells a queue of it.')),
  replicated: fc.option(fc.constant('S3 replicates it to new.')),
  lock: fc.option(fc.constant('old has object lock.')),
  openMigrations: fc.subarray(['older was frozen.', 'oldest was frozen.']),
  owner: fc.option(fc.constant('111122223333')),
  keepsVersions: fc.boolean(),
  notFrozen: fc.option(fc.constant('old is not frozen.')),
  overrides: fc.subarray<string>([
    ...REFERENCE_KINDS,
    'in-use',
    'lifecycle',
    'listeners',
    // What may not be overridden, in case that somebody finds a way to ask for it.
    ...[
      'verified',
      'unchanged',
      'proven',
      'soak',
      'replication',
      'object-lock',
      'owner',
      'server',
      'conditional-delete',
      'freeze',
      'other-migrations',
    ],
  ]),
});

/** Whether nothing but what was verified can be deleted, whoever writes to the source meanwhile. */
const deletesSafely = ({ keepsVersions, state: s }: RetireFacts): boolean =>
  keepsVersions ||
  s?.server?.checks.some(
    ({ capability, bucket, result }) =>
      capability === 'conditional-delete' && bucket === 'old' && result === 'proven',
  ) === true;
const accepts = ({ state: s }: RetireFacts, name: Capability): boolean =>
  s?.server?.accepted_missing.some(({ capability }) => capability === name) === true;

const isFrozen = ({ notFrozen }: RetireFacts): boolean => notFrozen === null;
/** Whether a retirement may go on with a source that anybody writes to. */
const mayBeOpen = ({ state: s }: RetireFacts): boolean => s?.no_freeze === true || s?.phase === 'retiring';

/** What deletion demands, told once more and apart from the gates: each must hold, whatever else does. */
const DEMANDS: readonly (readonly [string, (facts: RetireFacts) => boolean])[] = [
  ['verified', ({ state: s }) => s?.verified != null && ['verified', 'retiring'].includes(s.phase)],
  ['unchanged', ({ unchanged }) => unchanged.holds],
  ['proven', ({ verification: v, leftOut }) => v !== null && v.problem_count === 0 && leftOut === 0],
  [
    'deltas',
    ({ keptDeltas, losses }) => keptDeltas === null || keptDeltas.unmerged.every((key) => losses.has(key)),
  ],
  ['server', ({ state: s }) => s?.server != null],
  ['conditional-delete', deletesSafely],
  [
    'freeze',
    (each) => (isFrozen(each) && each.state?.no_freeze !== true) || (mayBeOpen(each) && deletesSafely(each)),
  ],
  ...REFERENCE_KINDS.map(
    (kind) =>
      [
        kind,
        ({ references, survey, overrides }: RetireFacts) =>
          !references.some((each) => each.kind === kind) &&
          (overrides.includes(kind) || !survey.unchecked.some((each) => each.kind === kind)),
      ] as const,
  ),
  ['soak', ({ state: s, now, soak }) => s?.verified != null && now - VERIFIED_AT >= soak * 1000],
  [
    'in-use',
    ({ archivedUnder, writtenSince, overrides }) =>
      archivedUnder !== null ||
      (writtenSince !== null && 'key' in writtenSince) ||
      overrides.includes('in-use'),
  ],
  ['lifecycle', ({ expiring, overrides }) => expiring === null || overrides.includes('lifecycle')],
  ['replication', ({ replicated }) => replicated === null],
  ['listeners', ({ listeners, overrides }) => listeners === null || overrides.includes('listeners')],
  ['object-lock', ({ lock }) => lock === null],
  ['other-migrations', ({ openMigrations }) => openMigrations.length === 0],
  ['owner', (each) => each.owner !== null || accepts(each, 'expected-owner')],
];

/** Facts under which everything may go. */
const sound = (): RetireFacts => ({
  source: 'old',
  destination: 'new',
  archivedUnder: null,
  state: fc
    .sample(
      state.filter(({ phase, verified }) => phase === 'verified' && verified !== null),
      1,
    )
    .map((each) => ({ ...each, server: PROVEN, no_freeze: false }))[0],
  unchanged: { holds: true, evidence: 'as listed' },
  leftOut: 0,
  verification:
    fc.sample(
      verification.filter(({ proven }) => proven),
      1,
    )[0] ?? null,
  survey: { texts: [], unchecked: [], regions: ['eu-west-1', 'us-east-1'] },
  references: [],
  now: VERIFIED_AT + 10_000,
  soak: 10,
  keptDeltas: null,
  losses: new Set(),
  writtenSince: { key: 'k' },
  expiring: null,
  replicated: null,
  listeners: null,
  lock: null,
  openMigrations: [],
  owner: '111122223333',
  keepsVersions: false,
  notFrozen: null,
  overrides: [],
});

describe('the gates before a retirement', () => {
  it('never all pass when anything that deletion demands fails, and each failure has its own gate', () => {
    fc.assert(
      fc.property(facts, (each) => {
        const gates = evaluateGates(each);
        const failed = gates.filter(({ passed }) => !passed).map(({ name }) => name);
        expect(failed).toEqual(DEMANDS.filter(([, holds]) => !holds(each)).map(([name]) => name));
        expect(allPass(gates)).toBe(failed.length === 0);
      }),
      { numRuns: 1000 },
    );
  });

  it('fall to a single failure among facts that otherwise all hold, whatever is overridden', () => {
    expect(allPass(evaluateGates(sound()))).toBe(true);
    // One part of sound facts is replaced by whatever it may be.
    const part = fc.constantFrom(...(Object.keys(sound()) as (keyof RetireFacts)[]));
    fc.assert(
      fc.property(facts, part, (other, name) => {
        const mixed = { ...sound(), overrides: other.overrides, [name]: other[name] };
        expect(allPass(evaluateGates(mixed))).toBe(DEMANDS.every(([, holds]) => holds(mixed)));
      }),
      { numRuns: 1000 },
    );
  });

  it('say of every gate what was found, and mark one as overridden only where nothing was found', () => {
    fc.assert(
      fc.property(facts, (each) => {
        for (const { name, evidence, overridden, passed } of evaluateGates(each)) {
          expect(evidence).toMatch(/\S/);
          if (!overridden) continue;
          expect({ name, passed }).toEqual({ name, passed: true });
          if (name === 'freeze') expect(mayBeOpen(each)).toBe(true);
          else if (name === 'owner') expect(accepts(each, 'expected-owner')).toBe(true);
          else if (name === 'deltas') expect(each.keptDeltas?.unmerged).not.toEqual([]);
          else if (name === 'server') expect(each.state?.server?.accepted_missing).not.toEqual([]);
          else {
            expect([...REFERENCE_KINDS, 'in-use', 'lifecycle', 'listeners']).toContain(name);
            expect(each.overrides).toContain(name);
          }
          expect(each.references.some(({ kind }) => kind === name)).toBe(false);
        }
      }),
    );
  });
});

describe('what is said of a gate', () => {
  /** The gate of this name among sound facts, changed in this way. */
  const gate = (name: string, changes: Partial<RetireFacts> = {}) => {
    const found = evaluateGates({ ...sound(), ...changes }).find((each) => each.name === name);
    const { passed, overridden, evidence } = found ?? {};
    return [passed, overridden, evidence];
  };
  const stateIn = (phase: State['phase']): Partial<RetireFacts> => {
    const { state: known } = sound();
    return { state: known && { ...known, phase } };
  };

  it.each<State['phase']>(['verified', 'retiring'])(
    'verified: when and how many, in the phase %s',
    (phase) => {
      expect(gate('verified', stateIn(phase))).toEqual([
        true,
        false,
        '1 object was verified at 2026-01-01T00:00:00.000Z.',
      ]);
    },
  );

  it.each<State['phase']>(['copying', 'freezing', 'frozen', 'retired'])(
    'verified: never, in the phase %s',
    (phase) => {
      expect(gate('verified', stateIn(phase))).toEqual([
        false,
        false,
        'old was never verified by this plan. Run apply.',
      ]);
    },
  );

  it('unchanged: what the comparison found', () => {
    expect(gate('unchanged')).toEqual([true, false, 'as listed']);
  });

  it('A9: deltas: what became of those that are only kept, and which are in no collection', () => {
    expect(gate('deltas')).toEqual([undefined, undefined, undefined]);
    const kept = (unmerged: string[], ...accepted: string[]) =>
      gate('deltas', { keptDeltas: { live: 2, covered: 3, unmerged }, losses: new Set(accepted) });
    expect(kept([], 'another')).toEqual([
      true,
      false,
      'Of 5 deltas of old in the archive, 2 are live in new, too, and 3 older than its snapshot.',
    ]);
    expect(kept(['a', 'b'], 'b')).toEqual([
      false,
      false,
      '1 delta of old is in no collection of new, and nobody merges what lies in its archive (a). Take it along by the plan of the truth (plan --include-stranded), or list the keys in a file for --accept-loss.',
    ]);
    expect(kept(['a', 'b', 'c', 'd', 'e'])[2]).toMatch(
      /^5 deltas of old are .*\(a, b, c, d, e\)\. Take them along/,
    );
    expect(kept(['a', 'b', 'c', 'd', 'e', 'f'])[2]).toContain('(a, b, c, d, e, …)');
    expect(kept(['a', 'b'], 'a', 'b')).toEqual([
      true,
      true,
      'The collections lose 2 deltas of old, only kept in the archive (a, b).',
    ]);
  });

  it('proven: how many, or the first that is not', () => {
    const { verification: proven } = sound();
    expect(gate('proven')).toEqual([true, false, 'All 2 objects are proven at new just now.']);
    const problems: Verification['problems'] = [
      { key: 'k', level: 'P0', why: 'It is missing.' },
      { key: 'l', level: 'P1', why: 'It is not proven.' },
    ];
    expect(
      gate('proven', { verification: proven && { ...proven, proven: false, problems, problem_count: 2 } }),
    ).toEqual([false, false, '2 of 2 objects are not proven at new just now, e.g. k: It is missing.']);
    const begun = gate('proven', {
      ...stateIn('retiring'),
      verification: proven && { ...proven, proven: false, problems, problem_count: 2 },
    });
    expect(begun[2]).toBe(`2 of 2 objects are not proven at new just now, e.g. k. ${ONCE_BEGUN}`);
    const one = { verification: proven && { ...proven, objects: 1 } };
    expect(gate('proven', one)).toEqual([true, false, 'The 1 object is proven at new just now.']);
    const fails = { proven: false, problems, problem_count: 1 };
    expect(gate('proven', { verification: proven && { ...proven, ...fails, objects: 1 } })).toEqual([
      false,
      false,
      '1 of 1 object is not proven at new just now, e.g. k: It is missing.',
    ]);
    expect(gate('proven', { verification: null })).toEqual([
      false,
      false,
      'There is nothing verified to compare with.',
    ]);
  });

  it('proven: what the plan leaves out, which nobody can override', () => {
    const { verification } = sound();
    const why = (what: string, them: string) =>
      `${what} left out of this plan (--include, --exclude): nothing shows that new holds ${them}. Unfreeze, then plan again without --exclude, or keep all of it with plan --archive old.`;
    const left = (objects: number, leftOut: number) =>
      gate('proven', {
        leftOut,
        overrides: ['proven'],
        verification: verification && { ...verification, left_out: { objects, bytes: objects } },
      });
    expect(left(0, 0)).toEqual([true, false, 'All 2 objects are proven at new just now.']);
    expect(left(1, 2)).toEqual([false, false, why('1 object of old was', 'it')]);
    expect(left(2, 2)).toEqual([false, false, why('2 objects of old were', 'them')]);
    expect(left(1, 0)).toEqual([false, false, why('1 object of old was', 'it')]);
    expect(left(0, 1)).toEqual([false, false, why('1 older version of old was', 'it')]);
    expect(left(0, 3)).toEqual([false, false, why('3 older versions of old were', 'them')]);
  });

  it.each<[ReferenceKind, string]>([
    ['lambda', 'old is named by no environment of any version of any Lambda in eu-west-1, us-east-1.'],
    ['step-functions', 'old is named by no state machine in eu-west-1, us-east-1.'],
    ['executions', 'old is named by no running execution in eu-west-1, us-east-1.'],
    ['state', 'old is named by none of the state files.'],
  ])('%s: that nothing was found, or not looked for, or overridden', (kind, nothing) => {
    const survey = { texts: [], unchecked: [{ kind, why: 'Nobody answered.' }], regions: [] };
    expect(gate(kind)).toEqual([true, false, nothing]);
    expect(gate(kind, { overrides: [kind] })).toEqual([true, false, nothing]);
    expect(gate(kind, { survey })).toEqual([false, false, 'Not checked. Nobody answered.']);
    expect(gate(kind, { survey, overrides: [kind] })).toEqual([true, true, 'Not checked. Nobody answered.']);
    expect(gate(kind, { survey, overrides: ['in-use'] })).toEqual([
      false,
      false,
      'Not checked. Nobody answered.',
    ]);
  });

  it.each([
    [1, 'old is still named by place 1.'],
    [3, 'old is still named by place 1; place 2; place 3.'],
    [4, 'old is still named by place 1; place 2; place 3 and 1 more.'],
    [5, 'old is still named by place 1; place 2; place 3 and 2 more.'],
  ])('lambda: the first three of %d places that name it, which nobody can override', (count, evidence) => {
    const references = Array.from({ length: count }, (_, index) => ({
      kind: 'lambda' as const,
      where: `place ${index + 1}`,
      text: 'old',
    }));
    expect(gate('lambda', { references, overrides: ['lambda'] })).toEqual([false, false, evidence]);
  });

  it('soak: how long it has been and had to be, never rounded up, and never a sentence like "67 of 0 seconds" (B12)', () => {
    const soakAfter = (seconds: number, soak: number) =>
      gate('soak', { now: VERIFIED_AT + seconds * 1000, soak });
    const since = (is: string, asked: string) => `${is} since the verification; --soak asks for ${asked}.`;
    expect(soakAfter(9.999, 10)).toEqual([false, false, since('9 seconds', '10 seconds')]);
    expect(soakAfter(10, 10)).toEqual([true, false, since('10 seconds', '10 seconds')]);
    expect(soakAfter(67, 0)).toEqual([true, false, since('67 seconds', '0 seconds')]);
    expect(soakAfter(1, 119)).toEqual([false, false, since('1 second', '119 seconds')]);
    expect(soakAfter(86_399, 86_400)).toEqual([false, false, since('23 h 59 min', '24 h 0 min')]);
    expect(soakAfter(120, 121)).toEqual([false, false, since('0 h 2 min', '0 h 2 min')]);
    expect(soakAfter(0, 0)).toEqual([true, false, since('0 seconds', '0 seconds')]);
    expect(soakAfter(-3, 0)).toEqual([
      false,
      false,
      'The verification was at 2026-01-01T00:00:00.000Z, and this clock is not there yet. Set it right.',
    ]);
    expect(gate('soak', { state: undefined, soak: 0 })).toEqual([
      false,
      false,
      'The soak time begins with the verification.',
    ]);
  });

  it('in-use: what the pipeline wrote, or that nobody has shown it', () => {
    const nothing =
      'The pipeline wrote no delta and no snapshot to new since the verification: nobody has shown that it uses it.';
    expect(gate('in-use')).toEqual([true, false, 'new was written to by the pipeline since: k.']);
    expect(gate('in-use', { overrides: ['in-use'] })).toEqual([
      true,
      false,
      'new was written to by the pipeline since: k.',
    ]);
    expect(gate('in-use', { writtenSince: null })).toEqual([false, false, nothing]);
    expect(gate('in-use', { writtenSince: null, overrides: ['in-use'] })).toEqual([true, true, nothing]);
    const kept = 'Nobody is to use what is kept under archive/old/ of new.';
    const archivedUnder = 'archive/old/';
    expect(gate('in-use', { archivedUnder })).toEqual([true, false, kept]);
    const copied =
      'The pipeline wrote no delta and no snapshot to new since the verification, but for what the migration of other may have copied: nobody has shown that it uses it.';
    expect(gate('in-use', { writtenSince: { copiedFrom: 'other' } })).toEqual([false, false, copied]);
    const unknown =
      'a file is not what was kept when new was verified, so nothing shows what was written since.';
    const altered = { altered: 'a file' };
    expect(gate('in-use', { writtenSince: altered })).toEqual([false, false, unknown]);
    expect(gate('in-use', { writtenSince: altered, overrides: ['in-use'] })).toEqual([true, true, unknown]);
    expect(gate('in-use', { archivedUnder, writtenSince: null })).toEqual([true, false, kept]);
  });

  it('replication: that no deletion is passed on, or to where, which nobody can override', () => {
    const alone = 'What is deleted in old is not replicated to another bucket.';
    expect(gate('replication')).toEqual([true, false, alone]);
    const replicated = 'S3 replicates it to new.';
    expect(gate('replication', { replicated, overrides: ['replication'] })).toEqual([
      false,
      false,
      replicated,
    ]);
  });

  it('listeners: that nobody is told of deletions, or who is, which can be overridden', () => {
    expect(gate('listeners')).toEqual([true, false, 'Nobody is told of what is deleted in old.']);
    const listeners = 'S3 tells a queue of it.';
    expect(gate('listeners', { listeners })).toEqual([false, false, listeners]);
    expect(gate('listeners', { listeners, overrides: ['listeners'] })).toEqual([true, true, listeners]);
  });

  it('lifecycle: that no rule deletes the copies, or which one does, which can be overridden', () => {
    const kept = 'No lifecycle rule of new deletes what was copied there.';
    expect(gate('lifecycle')).toEqual([true, false, kept]);
    expect(gate('lifecycle', { overrides: ['lifecycle'] })).toEqual([true, false, kept]);
    const expiring = 'A rule deletes them.';
    expect(gate('lifecycle', { expiring })).toEqual([false, false, expiring]);
    expect(gate('lifecycle', { expiring, overrides: ['in-use'] })).toEqual([false, false, expiring]);
    expect(gate('lifecycle', { expiring, overrides: ['lifecycle'] })).toEqual([true, true, expiring]);
  });

  it('object-lock: that there is none, or what is known of it', () => {
    expect(gate('object-lock')).toEqual([true, false, 'old has no object lock.']);
    expect(gate('object-lock', { lock: 'old has object lock.' })).toEqual([
      false,
      false,
      'old has object lock.',
    ]);
  });

  it('other-migrations: that none needs it, or every one that does', () => {
    expect(gate('other-migrations')).toEqual([true, false, 'No other migration needs what is in old.']);
    expect(gate('other-migrations', { openMigrations: ['A is frozen.', 'B is frozen.'] })).toEqual([
      false,
      false,
      'A is frozen. B is frozen.',
    ]);
  });

  it('owner: whose the bucket is, or that it was not checked', () => {
    expect(gate('owner')).toEqual([true, false, 'old belongs to the account 111122223333.']);
    expect(gate('owner', { owner: null })).toEqual([
      false,
      false,
      'The owner was not checked. Pass --expected-bucket-owner.',
    ]);
  });

  const accepting = (...capabilities: Capability[]): Partial<RetireFacts> => {
    const { state: known } = sound();
    const accepted_missing = capabilities.map((capability) => ({ capability, at: AT }));
    return { state: known && { ...known, server: { ...PROVEN, accepted_missing } } };
  };

  it('owner: that the server shows none, where the operator accepted that', () => {
    expect(gate('owner', { owner: null, ...accepting('expected-owner') })).toEqual([
      true,
      true,
      'The owner was not checked: the server refuses nobody, as you accepted.',
    ]);
    expect(gate('owner', { owner: null, ...accepting('tags') }).slice(0, 2)).toEqual([false, false]);
    expect(gate('owner', accepting('expected-owner')).slice(0, 2)).toEqual([true, false]);
  });
});
