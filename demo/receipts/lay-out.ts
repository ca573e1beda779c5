import type { Point, Region } from '../../contracts/geometry';

/** The lines of a receipt as they stand on the paper: rows from the top, in each its lines from the left. */
export type Paper = readonly (readonly string[])[];

/** A line as OCR finds it, with its words. */
export type Line = Region & { readonly words: readonly Region[] };

/** Turns and stretches the page as a camera does. */
export type Camera = (point: Point) => Point;

export const STRAIGHT: Camera = (point) => point;

/** Seen from straight above, turned by an angle, on an image that is not square. */
export const turned =
  (degrees: number, aspect = 1): Camera =>
  ({ x, y }) => {
    const angle = (degrees * Math.PI) / 180;
    const [dx, dy] = [(x - 0.5) * aspect, y - 0.5];
    return {
      x: 0.5 + (dx * Math.cos(angle) - dy * Math.sin(angle)) / aspect,
      y: 0.5 + dx * Math.sin(angle) + dy * Math.cos(angle),
    };
  };

/** Lays a receipt out: the lines of a row share its width, the words of a line share the line's, with gaps. */
export function layOut(paper: Paper, camera: Camera = STRAIGHT): Line[] {
  const rowHeight = 0.8 / Math.max(1, paper.length);
  return paper.flatMap((row, index) => {
    const bottom = 0.9 - (index + 1) * rowHeight + 0.2 * rowHeight;
    const lineWidth = 0.8 / row.length;
    return row.map((line, position) => {
      const left = 0.1 + position * lineWidth;
      const box = (text: string, from: number, width: number) =>
        region(text, left + from * lineWidth, bottom, width * lineWidth, 0.6 * rowHeight, camera);
      const words = line.split(' ').filter((word) => word !== '');
      const wordWidth = 0.9 / Math.max(1, words.length);
      return {
        ...box(line, 0, 0.9),
        words: words.map((word, place) => box(word, place * wordWidth, 0.8 * wordWidth)),
      };
    });
  });
}

function region(text: string, x: number, y: number, width: number, height: number, camera: Camera): Region {
  const corners = {
    top_left: camera({ x, y: y + height }),
    top_right: camera({ x: x + width, y: y + height }),
    bottom_left: camera({ x, y }),
    bottom_right: camera({ x: x + width, y }),
  };
  const points = Object.values(corners);
  const left = Math.min(...points.map((point) => point.x));
  const bottom = Math.min(...points.map((point) => point.y));
  const { top_left: from, top_right: to } = corners;
  const angle = Math.atan2(to.y - from.y, to.x - from.x);
  return {
    text,
    bounding_box: {
      x: left,
      y: bottom,
      width: Math.max(...points.map((point) => point.x)) - left,
      height: Math.max(...points.map((point) => point.y)) - bottom,
    },
    ...corners,
    angle_degrees: (angle * 180) / Math.PI,
    angle_radians: angle,
    confidence: 1,
  };
}
