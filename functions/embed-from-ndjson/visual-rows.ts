import type { LineRow } from '../../contracts/ndjson-rows';
import type { Place, PlaceOf } from './page-axes';
import { pythonMean } from './python-mean';

/** Lines of one visual row, from left to right. */
export type VisualRow = readonly LineRow[];

interface PlacedLine extends Place {
  readonly line: LineRow;
}

/**
 * Groups lines into visual rows, from the top of the page to its foot (RECORDS section 3). Two lines share a row when
 * the middle of one lies in the other's span (a name and its price, say), directly or through others. Rows go by
 * the mean of their lower edges, highest first; ties by the lines' numbers.
 */
export function visualRows(lines: readonly LineRow[], placeOf: PlaceOf): VisualRow[] {
  const placed = [...lines]
    .sort((a, b) => a.line_id - b.line_id)
    .map((line): PlacedLine => ({ line, ...placeOf(line) }));
  return connected(placed)
    .map((row) => row.sort(byNumber))
    .sort((a, b) => numberOf(a) - numberOf(b))
    .map((row) => ({ row, height: pythonMean(row.map(({ low }) => low)) }))
    .sort((a, b) => b.height - a.height)
    .map(({ row }) => row.sort((a, b) => a.left - b.left).map(({ line }) => line));
}

const byNumber = (a: PlacedLine, b: PlacedLine): number => a.line.line_id - b.line.line_id;
const numberOf = ([first]: readonly PlacedLine[]): number => first?.line.line_id ?? 0;

/** The connected sets of neighbours. Lines whose spans do not touch are no neighbours, so few pairs are looked at. */
function connected(lines: readonly PlacedLine[]): PlacedLine[][] {
  const upwards = [...lines].sort((a, b) => a.low - b.low);
  const rows = new Map<PlacedLine, PlacedLine[]>(upwards.map((line) => [line, [line]]));
  upwards.forEach((lower, index) => {
    for (const upper of upwards.slice(index + 1)) {
      if (upper.low > lower.high) break;
      if (meets(lower, upper) || meets(upper, lower)) join(rows, lower, upper);
    }
  });
  return [...new Set(rows.values())];
}

/** Whether the middle of one line lies in the span of the other, limits included. */
const meets = ({ middle }: Place, { low, high }: Place): boolean => low <= middle && middle <= high;

function join(rows: Map<PlacedLine, PlacedLine[]>, a: PlacedLine, b: PlacedLine): void {
  const [ours, theirs] = [rows.get(a) ?? [], rows.get(b) ?? []];
  if (ours === theirs) return;
  for (const line of theirs) {
    ours.push(line);
    rows.set(line, ours);
  }
}
