import type { StrandedObject } from '../../../../cli/migrate-buckets/authority/stranded';
import { chooseStranded } from '../../../../cli/migrate-buckets/planning/stranded-choice';

const stranded = (key: string, overshadowed = false): StrandedObject => ({
  bucket: 'loser',
  object: { key, size: 1, etag: 'e', storageClass: 'STANDARD', modified: 1 },
  overshadowed,
});
const numbered = (count: number, overshadowed = false) =>
  Array.from({ length: count }, (_, index) => stranded(`d${index + 1}`, overshadowed));
const refusal = (message: RegExp) =>
  expect.objectContaining({ name: 'UserError', exitCode: 6, message: expect.stringMatching(message) });
const nothing = new Set<string>();
const choose = (
  found: readonly StrandedObject[],
  listed: ReadonlySet<string>,
  include: boolean,
  leavesOut: (key: string) => boolean = () => false,
) => chooseStranded(found, listed, include, leavesOut);

/** What is thrown, since `toThrow` would compare the message alone. */
function thrownBy(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}

describe('stranded deltas', () => {
  it('are no matter where there are none', () => {
    for (const include of [true, false]) {
      expect(choose([], nothing, include)).toEqual({ include: [], acceptedLost: [] });
    }
  });

  it('are refused while nobody says what becomes of them', () => {
    expect(thrownBy(() => choose([stranded('a')], nothing, false))).toEqual(
      refusal(
        /^1 delta that nobody compacted lies only .* \(a in loser\)\. Copy them with --include-stranded, or list/,
      ),
    );
  });

  it('are included where that is asked for', () => {
    const found = [stranded('a'), stranded('b')];
    expect(choose(found, nothing, true)).toEqual({ include: found, acceptedLost: [] });
  });

  it('may be lost where their keys are listed, each for itself, and are then not included', () => {
    const found = [stranded('a'), stranded('b')];
    expect(choose(found, new Set(['a', 'b', 'other']), false)).toEqual({
      include: [],
      acceptedLost: ['a', 'b'],
    });
    expect(choose(found, new Set(['b']), true)).toEqual({
      include: [stranded('a')],
      acceptedLost: ['b'],
    });
    expect(thrownBy(() => choose(found, new Set(['b']), false))).toEqual(refusal(/^1 delta .*a in/));
  });

  it('that the filters leave out are refused like others, unless their keys are listed', () => {
    const found = [stranded('a'), stranded('b'), stranded('c')];
    const exceptA = (key: string) => key !== 'a';
    expect(thrownBy(() => choose(found, nothing, true, exceptA))).toEqual(
      refusal(
        /^2 deltas that nobody compacted lie only in a losing bucket, and --exclude leaves them out \(b in loser, c in loser\)\. Take them/,
      ),
    );
    expect(thrownBy(() => choose(found, new Set(['b']), true, exceptA))).toEqual(
      refusal(/^1 delta .* lies .*c in/),
    );
    expect(choose(found, new Set(['b', 'c']), true, exceptA)).toEqual({
      include: [stranded('a')],
      acceptedLost: ['b', 'c'],
    });
  });

  it('that the truth overshadows cannot be included: only their loss can be accepted', () => {
    const found = [stranded('a'), stranded('b', true)];
    for (const include of [true, false]) {
      expect(thrownBy(() => choose(found, nothing, include))).toEqual(
        refusal(/^1 delta of a losing bucket has other content .* \(b in loser\)\. Look at them, and list/),
      );
    }
    expect(thrownBy(() => choose(numbered(2, true), nothing, true))).toEqual(
      refusal(/^2 deltas of a losing bucket have other content /),
    );
    expect(choose(found, new Set(['b']), true)).toEqual({
      include: [stranded('a')],
      acceptedLost: ['b'],
    });
  });

  it('are named up to five', () => {
    for (const overshadowed of [true, false]) {
      const told = (count: number) => thrownBy(() => choose(numbered(count, overshadowed), nothing, false));
      expect(told(5)).toEqual(refusal(/\(d1 in loser, d2 in loser, d3 in loser, d4 in loser, d5 in loser\)/));
      expect(told(6)).toEqual(refusal(/^6 .*d4 in loser, d5 in loser, …\)/));
    }
  });
});
