import { html, type Markup } from './markup';

/** Only shapes: what is written beside them is HTML, which does not shrink with the page. */
const svg = (
  label: string,
  [width, height]: readonly [number, number],
  className: string,
  shapes: Markup[],
) =>
  html`<svg class="${className}" viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="${label}">${shapes}</svg>`;

const HEIGHT = 60;

export interface Bar {
  readonly label: string;
  readonly value: number;
}

/** Bars side by side, over the same largest value as other charts beside this one. */
export const bars = (label: string, values: readonly Bar[], largest: number, className: string): Markup =>
  svg(
    label,
    [values.length * 10, HEIGHT],
    `bars ${className}`,
    values.map(({ value, label: what }, index) => {
      // What is there must be seen, however little it is.
      const height = value === 0 || largest === 0 ? 0 : Math.max(1.5, (HEIGHT * value) / largest);
      return html`<rect x="${index * 10 + 1}" y="${(HEIGHT - height).toFixed(2)}" width="8" height="${height.toFixed(2)}"><title>${what}</title></rect>`;
    }),
  );

export interface Segment {
  readonly label: string;
  readonly value: number;
  readonly className: string;
}

/** One bar of several parts; what is left of the whole stays empty. */
export function stacked(label: string, segments: readonly Segment[], whole: number): Markup {
  let x = 0;
  const shapes = segments.map(({ value, className, label: what }) => {
    const width = whole === 0 ? 0 : (100 * value) / whole;
    const shape = html`<rect class="${className}" x="${x.toFixed(3)}" y="0" width="${width.toFixed(3)}" height="10"><title>${what}</title></rect>`;
    x += width;
    return shape;
  });
  return svg(label, [100, 10], 'stacked', shapes);
}
