import type { Point, Region } from '../../contracts/geometry';
import type { LineRow, WordRow } from '../../contracts/ndjson-rows';

export const IMAGE_ID = '0f3c1b6a-6f0e-4b8e-9d0a-1c2d3e4f5a6b';

/** Words of one row of a made-up receipt; each inner list is one line of that row. */
export type Page = readonly (readonly (readonly string[])[])[];

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

/**
 * Lays a page out: rows from the top, lines side by side, words with a gap between them. A word without any
 * letter or digit is noise.
 */
export function layOut(page: Page, camera: Camera = STRAIGHT): { lines: LineRow[]; words: WordRow[] } {
  const lines: LineRow[] = [];
  const words: WordRow[] = [];
  const rowHeight = 0.8 / Math.max(1, page.length);
  page.forEach((row, rowIndex) => {
    const bottom = 0.9 - (rowIndex + 1) * rowHeight + 0.2 * rowHeight;
    const lineWidth = 0.8 / row.length;
    row.forEach((lineWords, lineIndex) => {
      const left = 0.1 + lineIndex * lineWidth;
      const head = { image_id: IMAGE_ID, receipt_id: 1, line_id: lines.length + 1 };
      const box = (from: number, width: number, text: string): Region & { is_noise: boolean } => ({
        ...region(text, left + from * lineWidth, bottom, width * lineWidth, 0.6 * rowHeight, camera),
        is_noise: !/[\p{L}\p{N}]/u.test(text),
      });
      const wordWidth = 0.9 / Math.max(1, lineWords.length);
      lines.push({ ...head, ...box(0, 0.9, lineWords.join(' ')) });
      lineWords.forEach((word, index) => {
        words.push({ ...head, word_id: index + 1, ...box(index * wordWidth, 0.8 * wordWidth, word) });
      });
    });
  });
  return { lines, words };
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
  return {
    text,
    bounding_box: {
      x: left,
      y: bottom,
      width: Math.max(...points.map((point) => point.x)) - left,
      height: Math.max(...points.map((point) => point.y)) - bottom,
    },
    ...corners,
    angle_degrees: 0,
    angle_radians: 0,
    confidence: 1,
  };
}
