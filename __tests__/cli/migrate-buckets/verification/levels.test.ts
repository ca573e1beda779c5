import fc from 'fast-check';
import { isAtLeast, LEVELS, levelOf } from '../../../../cli/migrate-buckets/verification/levels';

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
        const evidence =
          each.etagEqual || each.copiedByUs || each.bytesEqual === true || each.ownHashEqual === true;
        if (!failed && !evidence) expect(level).toBe('P1');
      }),
    );
  });

  it('are ordered from P4 down to P0', () => {
    for (const [index, level] of LEVELS.entries()) {
      for (const [other, required] of LEVELS.entries())
        expect(isAtLeast(level, required)).toBe(index <= other);
    }
  });
});
