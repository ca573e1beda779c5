import type { WordRow } from '../../../contracts/ndjson-rows';
import type { PlaceOf } from '../../../functions/embed-from-ndjson/page-axes';
import { wordNeighbours } from '../../../functions/embed-from-ndjson/word-neighbours';
import { layOut } from '../../support/pages';

/** Words, each of no height at a place of its own, around the first. */
function around(places: Readonly<Record<string, readonly [x: number, y: number]>>) {
  const { words } = layOut([[Object.keys(places)]]);
  const placeOf: PlaceOf = ({ text }) => {
    const [x, y] = places[text] ?? [0, 0];
    return { left: x, low: y, middle: y, high: y, centre: { x, y } };
  };
  const [first] = wordNeighbours(words, placeOf);
  const textsOf = (side: readonly WordRow[] = []) => side.map(({ text }) => text);
  return { left: textsOf(first?.left), right: textsOf(first?.right) };
}

test('a word of another height counts up to a twentieth of the image above or below, and a quarter beside, both excluded', () => {
  expect(around({ word: [0, 0], near: [0.249, 0.049] }).right).toEqual(['near']);
  expect(around({ word: [0, 0], near: [0.249, -0.049] }).right).toEqual(['near']);
  expect(around({ word: [0, 0], high: [0.1, 0.05] }).right).toEqual([]);
  expect(around({ word: [0, 0], far: [0.25, 0.01] }).right).toEqual([]);
  expect(around({ word: [0, 0], above: [0, 0.01] })).toEqual({ left: [], right: [] });
});

test('words of the same height come first, however far; others stand outside of them, the nearest in height first', () => {
  const row = { word: [0, 0], far: [0.9, 0] } as const;
  expect(around({ ...row, beside: [0.01, 0.01] }).right).toEqual(['far', 'beside']);
  expect(around({ ...row, farther: [0.95, 0], beside: [0.01, 0.01] }).right).toEqual(['far', 'farther']);
  const others = { low: [0.1, 0.02], lower: [0.2, -0.01], lowest: [0.1, -0.01] } as const;
  expect(around({ word: [0, 0], ...others }).right).toEqual(['lowest', 'lower']);
});
