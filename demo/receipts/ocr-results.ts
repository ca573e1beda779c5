import type { Region } from '../../contracts/geometry';
import type { Line } from './lay-out';

/** These lines as Apple's Vision framework gives them. */
export const visionResult = (lines: readonly Line[]) => ({ lines });

/** These lines as Textract's DetectDocumentText gives them. */
export function textractResult(lines: readonly Line[]) {
  const children = (ids: string[]) => [{ Type: 'CHILD', Ids: ids }];
  const lineId = (index: number) => `line-${index + 1}`;
  const blocks = lines.flatMap(({ words, ...line }, index) => {
    const wordId = (position: number) => `${lineId(index)}-word-${position + 1}`;
    const Relationships = children(words.map((_, position) => wordId(position)));
    return [
      { BlockType: 'LINE', Id: lineId(index), ...textOf(line), Relationships },
      ...words.map((word, position) => ({ BlockType: 'WORD', Id: wordId(position), ...textOf(word) })),
    ];
  });
  const Relationships = children(lines.map((_, index) => lineId(index)));
  return {
    DocumentMetadata: { Pages: 1 },
    Blocks: [{ BlockType: 'PAGE', Id: 'page', Relationships }, ...blocks],
  };
}

/** Textract measures y from the top, and confidence in percent; its polygon goes clockwise from the top left. */
function textOf({ text, confidence, bounding_box: box, ...corners }: Region) {
  const { top_left, top_right, bottom_right, bottom_left } = corners;
  return {
    Text: text,
    Confidence: confidence * 100,
    Geometry: {
      BoundingBox: { Width: box.width, Height: box.height, Left: box.x, Top: 1 - box.y - box.height },
      Polygon: [top_left, top_right, bottom_right, bottom_left].map(({ x, y }) => ({ X: x, Y: 1 - y })),
    },
  };
}
