import fc from 'fast-check';
import { isAtLeast, levelOf, requiredLevel } from '../../../../cli/migrate-buckets/verification/levels';
import { LEVELS } from '../../../../contracts/migrate-buckets/words';

describe('levels of proof', () => {
  const comparison = fc.record({
    present: fc.boolean(),
    sizeEqual: fc.boolean(),
    etagEqual: fc.boolean(),
    copiedByUs: fc.boolean(),
    bytesEqual: fc.constantFrom(true, false, undefined),
    ownHashEqual: fc.constantFrom(true, false, undefined),
  });

  it('never rise above P0 when anything failed, nor above P1 without evidence of the content', () => {
    fc.assert(
      fc.property(comparison, (each) => {
        const level = levelOf(each);
        const failed =
          !each.present || !each.sizeEqual || each.bytesEqual === false || each.ownHashEqual === false;
        if (failed) expect(level).toBe('P0');
        const evidence = each.etagEqual || each.copiedByUs || each.bytesEqual === true;
        if (!failed && !evidence) expect(level).toBe('P1');
      }),
    );
  });

  it('never rise above P2 under a different ETag without bytes compared, whatever a hash at the destination says (A2)', () => {
    fc.assert(
      fc.property(comparison, (each) => {
        const level = levelOf({ ...each, etagEqual: false });
        if (each.bytesEqual !== true) expect(isAtLeast(level, 'P3')).toBe(false);
      }),
    );
  });

  it('are ordered from P4 down to P0', () => {
    for (const [index, level] of LEVELS.entries()) {
      for (const [other, required] of LEVELS.entries())
        expect(isAtLeast(level, required)).toBe(index <= other);
    }
  });

  const SAME_SIZE = {
    present: true,
    sizeEqual: true,
    etagEqual: false,
    copiedByUs: false,
    bytesEqual: undefined,
    ownHashEqual: undefined,
  };

  it.each([
    ['P0', { present: false, sizeEqual: true, etagEqual: true }],
    ['P0', { sizeEqual: false, etagEqual: true }],
    ['P0', { bytesEqual: false, etagEqual: true }],
    ['P0', { ownHashEqual: false, bytesEqual: true }],
    ['P1', {}],
    ['P2', { copiedByUs: true }],
    ['P3', { etagEqual: true }],
    ['P3', { bytesEqual: true, copiedByUs: true }],
    ['P1', { ownHashEqual: true }],
    ['P2', { ownHashEqual: true, copiedByUs: true }],
    ['P4', { ownHashEqual: true, etagEqual: true }],
    ['P4', { ownHashEqual: true, bytesEqual: true }],
    ['P4', { ownHashEqual: true, etagEqual: true, bytesEqual: true, copiedByUs: true }],
  ])('are %s for the same size and %j', (level, found) => {
    expect(levelOf({ ...SAME_SIZE, ...found })).toBe(level);
  });

  it('that deletion demands are P2, and P3 for what a pointer leads to', () => {
    expect(requiredLevel(false)).toBe('P2');
    expect(requiredLevel(true)).toBe('P3');
  });
});
