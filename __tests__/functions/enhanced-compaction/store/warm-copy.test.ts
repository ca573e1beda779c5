import type { Publication } from '../../../../functions/enhanced-compaction/lease/publish';
import { missingDeltas } from '../../../../functions/enhanced-compaction/store/warm-copy';
import { pointer } from '../../../support/runs';

const DIGEST = 'd'.repeat(64);
const [V1, V2, V3] = ['20260101_000000', '20260102_000000', '20260103_000000'] as const;

/** A version on a base (or an empty collection) with these deltas; `whole`: as of before there was a log. */
function version(name: string, base: string | undefined, log: readonly string[], whole = false): Publication {
  const { manifest } = pointer({ merged: [], publishedAt: new Date(), uncovered: log });
  if (manifest === undefined) throw new Error('The pointer has no manifest.');
  const onBase = base !== undefined && { base: { version: base, records: 1, digest: DIGEST } };
  return { version: name, manifest: { ...manifest, ...onBase, ...(!whole && { digest: DIGEST }) } };
}

it.each([
  ['nothing, where it is the same version', version(V1, V2, ['a']), version(V1, V2, ['a']), []],
  [
    'what its log does not have yet',
    version(V2, V1, ['a', 'b']),
    version(V3, V1, ['a', 'b', 'c', 'd']),
    ['c', 'd'],
  ],
  [
    'the same on an empty collection',
    version(V2, undefined, ['a']),
    version(V3, undefined, ['a', 'b']),
    ['b'],
  ],
  [
    'all of the log, where it is the base',
    version(V1, undefined, ['x']),
    version(V3, V1, ['a', 'b']),
    ['a', 'b'],
  ],
  [
    'more than deltas, on another base',
    version(V2, V1, ['a']),
    version(V3, V2.replace('2', '3'), ['a', 'b']),
    undefined,
  ],
  ['more than deltas, on none', version(V2, V1, ['a']), version(V3, undefined, ['a', 'b']), undefined],
  [
    'more than deltas, where it has one that the other lacks',
    version(V2, V1, ['a', 'x']),
    version(V3, V1, ['a', 'b', 'c']),
    undefined,
  ],
  ['more than deltas, where it has more', version(V3, V1, ['a', 'b']), version(V2, V1, ['a']), undefined],
  [
    'more than deltas, where it was written whole',
    version(V2, undefined, ['a'], true),
    version(V3, undefined, ['a', 'b']),
    undefined,
  ],
  [
    'more than deltas, where the other was',
    version(V2, undefined, ['a']),
    version(V3, undefined, ['a', 'b'], true),
    undefined,
  ],
])('A copy lacks %s', (_what, held, wanted, expected) => {
  expect(missingDeltas(held, wanted)?.map(({ key }) => key)).toEqual(expected);
});
