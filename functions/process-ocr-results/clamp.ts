import type { Point, Region } from '../../contracts/geometry';

const CORNERS = ['top_left', 'top_right', 'bottom_left', 'bottom_right'] as const;

/**
 * The region inside of its image: a corner or an edge that lies outside, as that of a rotated line at the image's
 * border may, is moved to the border. A region that lies inside is given back as it is, to the last bit.
 *
 * @returns the same object when nothing was moved.
 */
export function clamped<Found extends Region>(region: Found): Found {
  const { bounding_box: box } = region;
  const isInside =
    CORNERS.every((corner) => isOnImage(region[corner])) &&
    isOnImage(box) &&
    isOnImage({ x: box.x + box.width, y: box.y + box.height });
  if (isInside) return region;
  const [from, to] = [onImage(box), onImage({ x: box.x + box.width, y: box.y + box.height })];
  const corners = Object.fromEntries(CORNERS.map((corner) => [corner, onImage(region[corner])]));
  return { ...region, ...corners, bounding_box: { ...from, width: to.x - from.x, height: to.y - from.y } };
}

/** A sum of two fractions may miss the border by a rounding. */
const ROUNDING = 1e-12;

const isFraction = (value: number): boolean => value >= 0 && value <= 1 + ROUNDING;
const isOnImage = ({ x, y }: Point): boolean => isFraction(x) && isFraction(y);

const toFraction = (value: number): number => Math.min(1, Math.max(0, value));
const onImage = ({ x, y }: Point): Point => ({ x: toFraction(x), y: toFraction(y) });
