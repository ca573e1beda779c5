import type { WordRow } from '../../contracts/ndjson-rows';
import type { Place, PlaceOf } from './page-axes';

/** How many words of context a word carries on either side. */
export const WORDS_AROUND = 2;

/** How far a word of another height may be, as fractions of the image. Strict. */
const NEAR_UP = 0.05;
const NEAR_ALONG = 0.25;

/** A word with the words around it, the nearest first; fewer than {@link WORDS_AROUND} where there are none. */
export interface WordContext {
  readonly word: WordRow;
  readonly left: readonly WordRow[];
  readonly right: readonly WordRow[];
}

interface PlacedWord extends Place {
  readonly word: WordRow;
}

type Side = -1 | 1;

/**
 * The words around each word, in the words' own order (RECORDS section 4): on either side the nearest whose vertical
 * spans touch its own, however far away; where these are too few, words of other heights that are near, outside of
 * them. Lines and rows play no part, and noise is a neighbour like any other.
 */
export function wordNeighbours(words: readonly WordRow[], placeOf: PlaceOf): WordContext[] {
  const inOrder = [...words].sort((a, b) => a.line_id - b.line_id || a.word_id - b.word_id);
  const placed = inOrder.map((word): PlacedWord => ({ word, ...placeOf(word) }));
  const leftToRight = [...placed].sort((a, b) => a.centre.x - b.centre.x);
  const positions = new Map(leftToRight.map((each, index) => [each, index]));
  return placed.map((each) => {
    const side = (direction: Side) => nearest(leftToRight, each, positions.get(each) ?? 0, direction);
    return { word: each.word, left: side(-1), right: side(1) };
  });
}

function nearest(
  leftToRight: readonly PlacedWord[],
  own: PlacedWord,
  position: number,
  direction: Side,
): WordRow[] {
  const found: PlacedWord[] = [];
  for (let index = position + direction; found.length < WORDS_AROUND; index += direction) {
    const other = leftToRight[index];
    if (other === undefined) break;
    if (isOfSameHeight(own, other)) found.push(other);
  }
  if (found.length < WORDS_AROUND) {
    found.push(...nearby(leftToRight, own, direction).slice(0, WORDS_AROUND - found.length));
  }
  return found.map(({ word }) => word);
}

/** Words of other heights, the nearest in height first, then the nearest along; an equal x is on neither side. */
const nearby = (leftToRight: readonly PlacedWord[], own: PlacedWord, direction: Side): PlacedWord[] => {
  const up = ({ centre }: PlacedWord): number => Math.abs(centre.y - own.centre.y);
  const along = ({ centre }: PlacedWord): number => (centre.x - own.centre.x) * direction;
  return leftToRight
    .filter((other) => up(other) < NEAR_UP && along(other) > 0 && along(other) < NEAR_ALONG)
    .filter((other) => !isOfSameHeight(own, other))
    .sort((a, b) => up(a) - up(b) || along(a) - along(b));
};

const isOfSameHeight = (own: Place, other: Place): boolean => other.low <= own.high && other.high >= own.low;
