import type { DiagramNode, Graph, NodeKind } from './graph';
import { BOX, type Box, type Layout } from './layout';

const SERVICE: Readonly<Record<NodeKind, { readonly name: string; readonly colour: string }>> = {
  bucket: { name: 'S3', colour: '#4d9a2f' },
  queue: { name: 'SQS', colour: '#d13c85' },
  function: { name: 'Lambda', colour: '#e0731d' },
  table: { name: 'DynamoDB', colour: '#5a6fe0' },
  'file-system': { name: 'EFS', colour: '#1e9e8f' },
};

/** Follows the reader's light or dark mode; the picture brings its own ground along. */
const STYLE = `
text{font-family:ui-sans-serif,system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;font-size:11px;fill:#59636e}
.ground{fill:#f6f8fa}.card{fill:#fff;stroke:#d1d9e0}.name{font-size:12.5px;font-weight:600;fill:#1f2328}
.title{font-size:15px;font-weight:600;fill:#1f2328}.service{font-size:10.5px;font-weight:700;letter-spacing:.04em}
.dead{fill:#fff5f5;stroke:#e5a3a3}.deadname{font-size:10.5px;fill:#a33}
.flow{stroke:#7d8792;stroke-width:1.4;fill:none}.consumes{stroke:#3b434b;stroke-width:2.4}.paused{stroke-dasharray:5 4}
.head{fill:#7d8792}.stronghead{fill:#3b434b}.network{fill:none;stroke:#8c959f;stroke-dasharray:5 4}.existing{stroke-dasharray:4 3}
@media(prefers-color-scheme:dark){text{fill:#9198a1}.ground{fill:#0d1117}.card{fill:#161b22;stroke:#3d444d}
.name,.title{fill:#e6edf3}.dead{fill:#2a1618;stroke:#7d3a3e}.deadname{fill:#f0a0a0}
.flow{stroke:#7d8590}.consumes{stroke:#d1d7e0}.head{fill:#7d8590}.stronghead{fill:#d1d7e0}.network{stroke:#6e7681}}
`.replaceAll('\n', '');

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const text = (x: number, y: number, content: string, attributes = ''): string =>
  `<text x="${x}" y="${y}"${attributes && ` ${attributes}`}>${escaped(content)}</text>`;

/** Draws the picture: an SVG that stands alone, the same for the same graph. */
export function drawSvg(graph: Graph, layout: Layout): string {
  const { width, height, network, besides } = layout;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="What one deploy makes, and how data flows through it">`,
    `<style>${STYLE}</style>`,
    marker('head'),
    marker('stronghead'),
    `<rect class="ground" width="${width}" height="${height}" rx="10"/>`,
    text(18, 30, 'What one deploy makes', 'class="title"'),
    ...legend(width),
    ...(network === undefined
      ? []
      : [
          `<rect class="network" x="${network.x}" y="${network.y}" width="${network.width}" height="${network.height}" rx="8"/>`,
          text(network.x + 10, network.y + 20, graph.network ?? ''),
        ]),
    ...layout.arrows.map(
      ({ edge, path }) =>
        `<path class="flow${edge.kind === 'hands on' ? '' : ' consumes'}${edge.kind === 'paused' ? ' paused' : ''}" d="${path}" marker-end="url(#${edge.kind === 'hands on' ? 'head' : 'stronghead'})"/>`,
    ),
    ...layout.arrows.map(({ edge, label }) => text(label.x, label.y, edge.label, 'text-anchor="middle"')),
    ...layout.boxes.map(drawBox),
    text(besides.x, besides.y, `And: ${graph.besides.join(', ')}.`),
    '</svg>',
  ];
  return `${parts.filter((part) => part !== '').join('\n')}\n`;
}

const marker = (id: string): string =>
  `<marker id="${id}" markerUnits="userSpaceOnUse" markerWidth="9" markerHeight="9" refX="8" refY="4.5" orient="auto"><path class="${id}" d="M0 0.5L9 4.5L0 8.5z"/></marker>`;

function legend(width: number): string[] {
  const left = width - 382;
  return [
    `<path class="flow consumes" d="M${left} 26h34" marker-end="url(#stronghead)"/>`,
    text(left + 42, 30, 'the one consumer, ×batch'),
    `<path class="flow" d="M${left + 206} 26h34" marker-end="url(#head)"/>`,
    text(left + 248, 30, 'hands on'),
    `<rect class="dead" x="${left + 312}" y="18" width="16" height="16" rx="4"/>`,
    text(left + 334, 30, 'failed'),
  ];
}

function drawBox({ node, x, y }: Box): string {
  const { name, colour } = SERVICE[node.kind];
  const lines = [
    `<rect class="card${node.existing ? ' existing' : ''}" x="${x}" y="${y}" width="${BOX.width}" height="${BOX.height}" rx="7"/>`,
    `<rect x="${x}" y="${y + 9}" width="4" height="${BOX.height - 18}" rx="2" fill="${colour}"/>`,
    text(x + 12, y + 18, serviceLine(node, name), `class="service" style="fill:${colour}"`),
    text(x + 12, y + 36, node.name || name.toLowerCase(), 'class="name"'),
    ...node.notes.slice(0, 3).map((note, index) => text(x + 12, y + 54 + index * 15, note)),
  ];
  if (node.deadLetters !== undefined) {
    const top = y + BOX.height + 3;
    lines.push(
      `<rect class="dead" x="${x + 12}" y="${top}" width="${BOX.width - 24}" height="${BOX.deadLetters - 3}" rx="5"/>`,
      text(x + BOX.width / 2, top + 14.5, node.deadLetters, 'class="deadname" text-anchor="middle"'),
    );
  }
  return lines.join('\n');
}

const serviceLine = ({ kind, name, existing }: DiagramNode, service: string): string =>
  `${service}${kind === 'queue' && name.endsWith('.fifo') ? ' FIFO' : ''}${existing ? ' (existing)' : ''}`.toUpperCase();
