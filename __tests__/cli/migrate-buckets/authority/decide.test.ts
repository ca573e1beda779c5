import fc from 'fast-check';
import { decide } from '../../../../cli/migrate-buckets/authority/decide';
import type { BucketEvidence } from '../../../../cli/migrate-buckets/authority/evidence';
import type { GateResult } from '../../../../cli/migrate-buckets/snapshots/collection-evidence';
import { COLLECTIONS } from '../../../../contracts/collections';

describe('authority', () => {
  const gates = (result: GateResult['result']): GateResult[] => [
    { gate: 'holds-a-snapshot', result, evidence: 'as it is' },
  ];
  const bucket = (name: string) =>
    fc
      .record({
        objects: fc.nat(5),
        bytes: fc.nat(5),
        newestWrite: fc.nat(5),
        recentWrites: fc.nat(5),
        references: fc.array(fc.constant('Lambda x'), { maxLength: 2 }),
        gate: fc.constantFrom<GateResult['result']>('pass', 'pass', 'neutral', 'fail'),
        version: fc.constantFrom('20260101_000000', '20260202_000000', '20260303_000000'),
        contained: fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.nat(3)),
      })
      .map(
        ({ gate, version, contained, ...rest }): BucketEvidence => ({
          ...rest,
          name,
          newestWrite: rest.objects === 0 ? null : rest.newestWrite,
          decoys: 6,
          containedIn: contained,
          collections: COLLECTIONS.map((collection) => ({
            collection,
            hasData: rest.objects > 0,
            gates: gates(gate),
            version,
            snapshotAt: 1,
          })),
        }),
      );
  const buckets = fc.tuple(bucket('a'), bucket('b'), bucket('c'));
  const failsGate = ({ collections }: BucketEvidence) =>
    collections.some((each) => each.gates.some(({ result }) => result === 'fail'));

  it('never chooses a bucket of decoys, nor one that fails a gate, nor one that is beaten', () => {
    fc.assert(
      fc.property(buckets, (evidence) => {
        const { winner, signals } = decide(evidence);
        const chosen = evidence.find(({ name }) => name === winner);
        if (chosen === undefined) return;
        expect(chosen.objects).toBeGreaterThan(0);
        expect(failsGate(chosen)).toBe(false);
        for (const { best } of signals) expect(best).toContain(winner);
      }),
      { numRuns: 500 },
    );
  });

  it('does not depend on the order in which buckets are given', () => {
    fc.assert(
      fc.property(buckets, (evidence) => {
        expect(decide([...evidence].reverse()).winner).toBe(decide(evidence).winner);
      }),
    );
  });

  it('lets an empty snapshot count for nothing, however new its pointer is', () => {
    fc.assert(
      fc.property(bucket('a'), bucket('b'), (a, b) => {
        const truth = {
          ...a,
          objects: a.objects + 1,
          collections: a.collections.map((c) => ({ ...c, hasData: true, gates: gates('pass') })),
        };
        const empty = {
          ...b,
          collections: b.collections.map((c) => ({ ...c, gates: gates('fail'), version: '29990101_000000' })),
        };
        const pointers = decide([truth, empty]).signals.filter(({ name }) => name.endsWith('pointer'));
        for (const { best } of pointers) expect(best).toEqual(['a']);
      }),
    );
  });

  it('tells the conflict instead of choosing between two that are alike', () => {
    fc.assert(
      fc.property(bucket('a'), (one) => {
        const a = { ...one, containedIn: {} };
        const { winner, reasons } = decide([a, { ...a, name: 'b' }]);
        expect(winner).toBeNull();
        expect(reasons.length).toBeGreaterThan(0);
      }),
    );
  });
});
