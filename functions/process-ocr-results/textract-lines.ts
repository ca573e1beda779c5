import type { Region } from '../../contracts/geometry';
import type { TextractBlocks, TextractLine, TextractWord } from '../../contracts/textract-ocr';
import { UnreadableInput } from '../shared/quarantine';
import type { OcrLine } from './ocr-line';

/**
 * Textract's LINE blocks with the WORD blocks that are their children, turned into our coordinates: y up,
 * confidence 0..1, the angle from the polygon's upper edge.
 *
 * @throws {UnreadableInput} when a line names a child that the response does not hold.
 */
export function textractLines(blocks: TextractBlocks): readonly OcrLine[] {
  const lines = blocks.filter((block) => block.BlockType === 'LINE');
  const words = new Map(blocks.filter((block) => block.BlockType === 'WORD').map((word) => [word.Id, word]));

  return lines.map((line) => {
    const children = (line.Relationships ?? [])
      .filter(({ Type }) => Type === 'CHILD')
      .flatMap(({ Ids }) => Ids);
    return {
      ...region(line),
      words: children.map((id) => {
        const word = words.get(id);
        if (word === undefined) {
          throw new UnreadableInput(
            `The Textract response is incomplete: the line ${line.Id} names the word ${id}, which it does not hold.`,
          );
        }
        return region(word);
      }),
    };
  });
}

function region({
  Text,
  Confidence,
  Geometry: { BoundingBox, Polygon },
}: TextractLine | TextractWord): Region {
  const [topLeft, topRight, bottomRight, bottomLeft] = Polygon.map(({ X, Y }) => ({ x: X, y: 1 - Y })) as [
    Region['top_left'],
    Region['top_right'],
    Region['bottom_right'],
    Region['bottom_left'],
  ];
  const angle = Math.atan2(topRight.y - topLeft.y, topRight.x - topLeft.x);
  return {
    text: Text,
    bounding_box: {
      x: BoundingBox.Left,
      y: 1 - BoundingBox.Top - BoundingBox.Height,
      width: BoundingBox.Width,
      height: BoundingBox.Height,
    },
    top_left: topLeft,
    top_right: topRight,
    bottom_left: bottomLeft,
    bottom_right: bottomRight,
    angle_degrees: (angle * 180) / Math.PI,
    angle_radians: angle,
    confidence: Confidence / 100,
  };
}
