import type { Point, Region } from '../../contracts/geometry';

/** A position along the page's own reading direction and up it, in units without meaning. */
interface Placed<Item> {
  readonly item: Item;
  readonly along: number;
  readonly up: number;
  readonly lowest: number;
  readonly highest: number;
}

/** Items of one visual row from left to right, as the page is read. */
export type VisualRow<Item> = readonly Item[];

/**
 * Groups lines into visual rows, from the top of the page to its foot. Two lines share a row when the centre
 * of each lies in the other's vertical span (a name and its price, say), directly or through others.
 *
 * "Up" and "along" are the page's own axes, taken from the lines' corners: a receipt that was photographed
 * askew, sideways or upside down gives the same rows as a straight one, and so does one whose image is not
 * square, since no angle is ever measured.
 */
export function visualRows<Line extends Region & { readonly line_id: number }>(
  lines: readonly Line[],
): VisualRow<Line>[] {
  const axes = pageAxes(lines);
  const placed = lines
    .map((line) => place(line, axes))
    .sort((a, b) => b.up - a.up || a.item.line_id - b.item.line_id);

  const rows = new Map<Placed<Line>, Placed<Line>[]>(placed.map((line) => [line, [line]]));
  placed.forEach((upper, index) => {
    for (const lower of placed.slice(index + 1)) {
      if (lower.up < upper.lowest) break;
      if (upper.up <= lower.highest) join(rows, upper, lower);
    }
  });
  return [...new Set(rows.values())]
    .map((row) => ({ row, height: row.reduce((sum, { up }) => sum + up, 0) / row.length }))
    .sort((a, b) => b.height - a.height)
    .map(({ row }) =>
      row.sort((a, b) => a.along - b.along || a.item.line_id - b.item.line_id).map(({ item }) => item),
    );
}

/** Orders regions of one page along its reading direction. */
export function leftToRight<Item extends Region>(items: readonly Item[], page: readonly Region[]): Item[] {
  const axes = pageAxes(page);
  return items
    .map((item) => place(item, axes))
    .sort((a, b) => a.along - b.along)
    .map(({ item }) => item);
}

function join<Line>(rows: Map<Placed<Line>, Placed<Line>[]>, a: Placed<Line>, b: Placed<Line>): void {
  const [ours, theirs] = [rows.get(a) ?? [], rows.get(b) ?? []];
  if (ours === theirs) return;
  for (const line of theirs) {
    ours.push(line);
    rows.set(line, ours);
  }
}

interface Axes {
  readonly right: Point;
  readonly up: Point;
}

const UPRIGHT: Axes = { right: { x: 1, y: 0 }, up: { x: 0, y: 1 } };

/** The sums of all upper and lower edges and of all sides: long lines count most, a stray one hardly. */
function pageAxes(regions: readonly Region[]): Axes {
  const right = { x: 0, y: 0 };
  const up = { x: 0, y: 0 };
  for (const { top_left, top_right, bottom_left, bottom_right } of regions) {
    right.x += top_right.x - top_left.x + bottom_right.x - bottom_left.x;
    right.y += top_right.y - top_left.y + bottom_right.y - bottom_left.y;
    up.x += top_left.x - bottom_left.x + top_right.x - bottom_right.x;
    up.y += top_left.y - bottom_left.y + top_right.y - bottom_right.y;
  }
  const parallel = Math.abs(cross(right, up)) <= 1e-9 * Math.hypot(right.x, right.y) * Math.hypot(up.x, up.y);
  return parallel ? UPRIGHT : { right, up };
}

const cross = (a: Point, b: Point): number => a.x * b.y - a.y * b.x;

function place<Item extends Region>(item: Item, { right, up }: Axes): Placed<Item> {
  const area = cross(right, up);
  const corners = [item.top_left, item.top_right, item.bottom_left, item.bottom_right];
  const heights = corners.map((corner) => cross(right, corner) / area);
  return {
    item,
    along: corners.reduce((sum, corner) => sum + cross(corner, up) / area, 0) / corners.length,
    up: heights.reduce((sum, height) => sum + height, 0) / heights.length,
    lowest: Math.min(...heights),
    highest: Math.max(...heights),
  };
}
