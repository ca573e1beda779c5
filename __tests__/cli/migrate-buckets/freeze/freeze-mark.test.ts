import fc from 'fast-check';
import { describeMark, markIn, markNow, sidOf } from '../../../../cli/migrate-buckets/freeze/freeze-mark';

const MARK = {
  at: '2026-10-02T03:04:05Z',
  plan_digest: 'ab12'.repeat(16),
  by: 'alice@host-a.example',
  destination: 'new.bucket-1',
};

describe('the id of the statement that freezes', () => {
  it('says who, when, where from, by which plan and to where, in letters and digits alone', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (by, destination) => {
        const mark = {
          ...MARK,
          by: Buffer.from(by).toString(),
          destination: Buffer.from(destination).toString(),
        };
        expect(sidOf(mark)).toMatch(/^[A-Za-z0-9]+$/);
        expect(markIn(sidOf(mark))).toEqual(mark);
      }),
    );
  });

  it('names the moment, and the plan, in the clear', () => {
    expect(sidOf(MARK)).toMatch(
      /^MigrateBucketsFreezeAt20261002T030405ZPlan(ab12){16}By[0-9a-f]+To[0-9a-f]+$/,
    );
  });

  it('is known as one of an older release, or of nobody', () => {
    expect(markIn(sidOf(undefined))).toBeNull();
    expect(markIn('MigrateBucketsFreeze')).toBeNull();
    for (const other of [
      'MigrateBucketsFreezeNot',
      'Mine',
      undefined,
      null,
      7,
      `x${sidOf(MARK)}`,
      `${sidOf(MARK)}x`,
    ]) {
      expect(markIn(other)).toBeUndefined();
    }
  });

  it('begins now, to the second, by this user and host', () => {
    const mark = markNow('d', 'new');
    expect(mark).toEqual({
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      plan_digest: 'd',
      by: expect.stringMatching(/^.+@.+$/),
      destination: 'new',
    });
    expect(Math.abs(Date.now() - Date.parse(mark.at))).toBeLessThan(60_000);
  });

  it('is told to people', () => {
    expect(describeMark(MARK)).toBe(
      'the plan ab12ab12ab12 of alice@host-a.example, to new.bucket-1, at 2026-10-02T03:04:05Z',
    );
    expect(describeMark(null)).toBe('an older release');
  });
});
