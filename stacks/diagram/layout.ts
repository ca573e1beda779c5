import type { DiagramEdge, DiagramNode, Graph } from './graph';

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A box in its place. `x`, `y` is its upper left corner. */
export interface Box extends Point {
  readonly node: DiagramNode;
  readonly band: number;
  readonly column: number;
}

export interface Frame extends Point {
  readonly width: number;
  readonly height: number;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly Box[];
  readonly arrows: readonly { readonly edge: DiagramEdge; readonly path: string; readonly label: Point }[];
  readonly network?: Frame;
  /** Where the line of everything else stands. */
  readonly besides: Point;
}

/** Everything in pixels of the picture, which is made for a page 960 wide. */
export const BOX = { width: 166, height: 92, deadLetters: 24 } as const;
const COLUMNS = 5;
const GAP = 28;
const MARGIN = 9;
const TOP = 58;
const ROW = BOX.height + BOX.deadLetters + 26;
const BAND_GAP = 44;

/**
 * Places the boxes along the flow of data: step by step from the bucket, five steps to the right, the next
 * five back to the left below, so that the end comes to lie under the beginning.
 */
export function layOut(graph: Graph): Layout {
  const steps = stepsFromTheStart(graph);
  const boxes = graph.nodes.map((node): Box => {
    const step = steps.get(node.address) ?? 0;
    const band = Math.floor(step / COLUMNS);
    const column = band % 2 === 0 ? step % COLUMNS : COLUMNS - 1 - (step % COLUMNS);
    const peers = [...steps].filter(([, other]) => other === step).map(([address]) => address);
    const rows = Math.max(...bandSizes(graph, steps, band));
    const row = peers.indexOf(node.address) + (rows - peers.length) / 2;
    return { node, band, column, x: columnX(column), y: bandY(graph, steps, band) + row * ROW };
  });
  const bottom = Math.max(...boxes.map(({ y }) => y)) + BOX.height + BOX.deadLetters;
  const network = frameOf(boxes.filter(({ node }) => node.inNetwork));
  return {
    width: 2 * MARGIN + COLUMNS * BOX.width + (COLUMNS - 1) * GAP,
    height: bottom + 62,
    boxes,
    arrows: arrows(graph, boxes),
    ...(graph.network === undefined ? {} : { network }),
    besides: { x: MARGIN + 8, y: bottom + 40 },
  };
}

const columnX = (column: number): number => MARGIN + column * (BOX.width + GAP);

/** How many boxes stand above each other in each column of a band. */
function bandSizes(graph: Graph, steps: ReadonlyMap<string, number>, band: number): number[] {
  const inBand = graph.nodes
    .map(({ address }) => steps.get(address) ?? 0)
    .filter((step) => Math.floor(step / COLUMNS) === band);
  return inBand.map((step) => inBand.filter((other) => other === step).length);
}

const bandY = (graph: Graph, steps: ReadonlyMap<string, number>, band: number): number =>
  band === 0
    ? TOP
    : bandY(graph, steps, band - 1) +
      (Math.max(...bandSizes(graph, steps, band - 1)) - 1) * ROW +
      ROW +
      BAND_GAP;

/** How many arrows lie between the bucket and each box, on the shortest way. */
function stepsFromTheStart({ nodes, edges }: Graph): ReadonlyMap<string, number> {
  const steps = new Map(nodes.filter(({ kind }) => kind === 'bucket').map(({ address }) => [address, 0]));
  for (const [address, step] of steps) {
    for (const { from, to } of edges) if (from === address && !steps.has(to)) steps.set(to, step + 1);
  }
  // What no data reaches, since a schedule starts it, stands before what it hands on to.
  for (const { from, to } of edges) {
    if (!steps.has(from)) steps.set(from, Math.max(0, (steps.get(to) ?? 1) - 1));
  }
  return steps;
}

function arrows(graph: Graph, boxes: readonly Box[]): Layout['arrows'] {
  const boxOf = new Map(boxes.map((box) => [box.node.address, box]));
  return graph.edges.flatMap((edge) => {
    const [from, to] = [boxOf.get(edge.from), boxOf.get(edge.to)];
    if (from === undefined || to === undefined) return [];
    return from.band === to.band ? [across(edge, from, to)] : [down(edge, from, to)];
  });
}

/** From side to side, to the next column. */
function across(edge: DiagramEdge, from: Box, to: Box): Layout['arrows'][number] {
  const rightwards = to.x > from.x;
  const start = { x: rightwards ? from.x + BOX.width : from.x, y: from.y + BOX.height / 2 };
  const end = { x: rightwards ? to.x - 2 : to.x + BOX.width + 2, y: to.y + BOX.height / 2 };
  const middle = (start.x + end.x) / 2;
  return {
    edge,
    path: `M${start.x} ${start.y}C${middle} ${start.y} ${middle} ${end.y} ${end.x} ${end.y}`,
    // Beside the start of the line, on the side that it bends away from.
    label: { x: middle, y: start.y + (end.y < start.y ? 16 : -8) },
  };
}

/** From a box's foot to the head of one in the band below. */
function down(edge: DiagramEdge, from: Box, to: Box): Layout['arrows'][number] {
  const x = to.x + BOX.width / 2;
  const start = from.y + BOX.height;
  return { edge, path: `M${x} ${start}V${to.y - 2}`, label: { x: x + 8, y: (start + to.y) / 2 } };
}

function frameOf(boxes: readonly Box[]): Frame {
  const [left, top] = [Math.min(...boxes.map(({ x }) => x)), Math.min(...boxes.map(({ y }) => y))];
  const [right, bottom] = [Math.max(...boxes.map(({ x }) => x)), Math.max(...boxes.map(({ y }) => y))];
  const padding = 6;
  return {
    x: left - padding,
    y: top - 40,
    width: right - left + BOX.width + 2 * padding,
    height: bottom - top + BOX.height + 40 + padding,
  };
}
