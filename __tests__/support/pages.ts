import type { LineRow, WordRow } from '../../contracts/ndjson-rows';
import { type Camera, layOut as layOutLines, STRAIGHT } from '../../demo/receipts/lay-out';

export const IMAGE_ID = '0f3c1b6a-6f0e-4b8e-9d0a-1c2d3e4f5a6b';

/** Words of one row of a made-up receipt; each inner list is one line of that row. */
export type Page = readonly (readonly (readonly string[])[])[];

/** Lays a page out as NDJSON has it. A word without any letter or digit is noise. */
export function layOut(page: Page, camera: Camera = STRAIGHT): { lines: LineRow[]; words: WordRow[] } {
  const laidOut = layOutLines(
    page.map((row) => row.map((words) => words.join(' '))),
    camera,
  ).map(({ words, ...line }, index) => {
    const head = { image_id: IMAGE_ID, receipt_id: 1, line_id: index + 1 };
    const noted = <Found extends { readonly text: string }>(found: Found) => ({
      ...head,
      ...found,
      is_noise: !/[\p{L}\p{N}]/u.test(found.text),
    });
    return { line: noted(line), words: words.map((word, place) => ({ ...noted(word), word_id: place + 1 })) };
  });
  return { lines: laidOut.map(({ line }) => line), words: laidOut.flatMap(({ words }) => words) };
}
