import { readGraph } from './graph';
import { layOut } from './layout';
import { drawSvg } from './svg';

/** The picture of what will be deployed: an SVG, drawn from the stack's synthesized JSON and nothing else. */
export function drawArchitecture(json: Readonly<Record<string, unknown>>): string {
  const graph = readGraph(json);
  return drawSvg(graph, layOut(graph));
}
