import type { Point, Region } from '../../contracts/geometry';

/** Where a line or word stands on its page, y upwards, in fractions of the page's image as if it were upright. */
export interface Place {
  /** Its left end along the reading direction. */
  readonly left: number;
  /** Its vertical span, and the middle of that. */
  readonly low: number;
  readonly middle: number;
  readonly high: number;
  /** The mean of its corners. */
  readonly centre: Point;
}

export type PlaceOf = (region: Region) => Place;

/**
 * How the regions of a page are placed. On an upright page by their bounding boxes, as the old system does it
 * (RECORDS sections 3 and 4). On a page that was photographed askew, sideways or upside down, where boxes say
 * nothing of rows, by their corners along the page's own axes.
 *
 * @param lines - all lines of the page, which tell its axes.
 */
export function pageAxes(lines: readonly Region[]): PlaceOf {
  const { right, up } = axesOf(lines);
  const area = cross(right, up);
  const isFlat = Math.abs(area) <= 1e-9 * Math.hypot(right.x, right.y) * Math.hypot(up.x, up.y);
  if (isFlat || isUpright(right, lines)) return uprightPlace;
  const [unitRight, unitUp] = [unit(right), unit(up)];
  const unitArea = cross(unitRight, unitUp);
  return (region) => {
    const corners = cornersOf(region).map((corner) => ({
      x: cross(corner, unitUp) / unitArea,
      y: cross(unitRight, corner) / unitArea,
    }));
    const heights = corners.map(({ y }) => y);
    const [low, high] = [Math.min(...heights), Math.max(...heights)];
    return {
      left: Math.min(...corners.map(({ x }) => x)),
      low,
      middle: (low + high) / 2,
      high,
      centre: mean(corners),
    };
  };
}

/** The mean of a region's corners, in the image's own coordinates. */
export const centroid = (region: Region): Point => mean(cornersOf(region));

const uprightPlace: PlaceOf = (region) => {
  const { x, y, height } = region.bounding_box;
  return { left: x, low: y, middle: y + height / 2, high: y + height, centre: centroid(region) };
};

/**
 * Whether boxes tell the rows: over the whole width of the image a row rises or falls by no more than the height of
 * a line, so that both of its ends still meet. Half of the lines are at least as high; upside down, heights are negative.
 */
function isUpright(right: Point, lines: readonly Region[]): boolean {
  const heights = lines.map(lineHeight).sort((a, b) => a - b);
  return Math.abs(right.y / right.x) <= (heights[Math.floor(heights.length / 2)] ?? 0);
}

const lineHeight = ({ top_left, top_right, bottom_left, bottom_right }: Region): number =>
  (top_left.y - bottom_left.y + top_right.y - bottom_right.y) / 2;

/** The sums of all upper and lower edges and of all sides: long lines count most, a stray one hardly. */
function axesOf(regions: readonly Region[]): { readonly right: Point; readonly up: Point } {
  const right = { x: 0, y: 0 };
  const up = { x: 0, y: 0 };
  for (const { top_left, top_right, bottom_left, bottom_right } of regions) {
    right.x += top_right.x - top_left.x + bottom_right.x - bottom_left.x;
    right.y += top_right.y - top_left.y + bottom_right.y - bottom_left.y;
    up.x += top_left.x - bottom_left.x + top_right.x - bottom_right.x;
    up.y += top_left.y - bottom_left.y + top_right.y - bottom_right.y;
  }
  return { right, up };
}

/** In the order in which the old system adds them: a sum of doubles depends on it. */
const cornersOf = ({ top_right, top_left, bottom_right, bottom_left }: Region): readonly Point[] => [
  top_right,
  top_left,
  bottom_right,
  bottom_left,
];

const mean = (points: readonly Point[]): Point => ({
  x: points.reduce((sum, { x }) => sum + x, 0) / points.length,
  y: points.reduce((sum, { y }) => sum + y, 0) / points.length,
});

/** As long as the image is wide or high, whichever the direction is nearer to. */
const unit = ({ x, y }: Point): Point => {
  const length = Math.max(Math.abs(x), Math.abs(y));
  return { x: x / length, y: y / length };
};

const cross = (a: Point, b: Point): number => a.x * b.y - a.y * b.x;
