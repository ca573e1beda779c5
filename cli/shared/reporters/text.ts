import Table from 'cli-table3';
import pc from 'picocolors';

/** A table without colours of its own, so that NO_COLOR and pipes are honoured by picocolors alone. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const made = new Table({ head: head.map((name) => pc.bold(name)), style: { head: [], border: [] } });
  made.push(...rows.map((row) => [...row]));
  return made.toString();
}

/** Characters that a line of text for people has at most. */
const WIDTH = 80;

/** A row of a list: its cells, and how each is coloured once it is cut to its place. */
export interface ListRow {
  readonly cells: readonly string[];
  readonly paint?: (text: string, column: number) => string;
}

/** Characters that the last cell of a list needs beside the others to be easily read. */
const LEAST = 30;

/**
 * Rows without borders whose last cell goes on under itself, so that any text fits the width. Where the other cells
 * leave it no room (a key has up to 1,024 bytes), it stands below them.
 */
export function list(rows: readonly ListRow[], width = WIDTH): string {
  const last = Math.max(0, ...rows.map(({ cells }) => cells.length)) - 1;
  const widths = Array.from({ length: last }, (_, column) =>
    Math.max(0, ...rows.map(({ cells }) => oneLine(cells[column] ?? '').length)),
  );
  const indent = widths.reduce((sum, each) => sum + each + GAP.length, GAP.length);
  if (last > 0 && width - indent < Math.min(LEAST, width / 3)) return stacked(rows, last, width);
  return rows
    .flatMap(({ cells, paint = (text: string) => text }) =>
      wrap(cells[last] ?? '', width - indent).map((line, index) => {
        const before = widths.map((each, column) => {
          const text = index === 0 ? oneLine(cells[column] ?? '') : '';
          return `${paint(text, column)}${' '.repeat(each - text.length)}${GAP}`;
        });
        return [GAP, ...before, paint(line, last)].join('').trimEnd();
      }),
    )
    .join('\n');
}

/** Each cell on lines of its own, the last one further in than the others. */
const stacked = (rows: readonly ListRow[], last: number, width: number): string =>
  rows
    .flatMap(({ cells, paint = (text: string) => text }) =>
      cells.flatMap((cell, column) => {
        const indent = column === last ? GAP.repeat(2) : GAP;
        return wrap(cell, width - indent.length).map((line) => `${indent}${paint(line, column)}`);
      }),
    )
    .join('\n');

const GAP = '  ';

/** Cuts a text into lines, at spaces where there are any. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of oneLine(text).split(' ')) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= width) {
      lines[lines.length - 1] = `${line} ${word}`;
      continue;
    }
    // A key may be longer than any line.
    const pieces = word.match(RegExp(`.{1,${width}}`, 'gsu'));
    lines.push(...(pieces ?? ['']));
  }
  return lines;
}

/** Rows that a screen shows of many. */
const SHOWN = 20;

/**
 * The first rows of many, or with `verbose` all that are known, and how many more there are.
 *
 * @param total - as many as there are, of which the rows may be the first.
 */
export function firstOf(
  rows: readonly string[],
  verbose: boolean | undefined,
  total = rows.length,
): string[] {
  const shown = verbose === true ? rows : rows.slice(0, SHOWN);
  if (shown.length === total) return [...shown];
  const named = rows.length === total ? 'all' : `the first ${rows.length}`;
  const hint = shown.length < rows.length ? ` (--verbose names ${named})` : '';
  return [...shown, faint(`  and ${total - shown.length} more${hint}`)];
}

export const heading = (text: string): string => pc.bold(text);
export const good = (text: string): string => pc.green(text);
export const bad = (text: string): string => pc.red(text);
export const faint = (text: string): string => pc.dim(text);

/** What a terminal acts on: control characters, those that turn the writing direction, Unicode's own line ends. */
const ACTED_ON = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/**
 * Makes characters visible that a terminal acts on, but for line ends and colours: a key may hold any of them. So it
 * may hold those that turn the writing direction, behind which another name seems to stand.
 */
export const printable = (text: string): string =>
  text.replace(ACTED_ON, (each, offset: number) => {
    const isColour = each === '\u001b' && /^\[\d+m/.test(text.slice(offset + 1, offset + 5));
    if (each === '\n' || isColour) return each;
    return visible(each);
  });

/** Makes all of them visible: what a key says must not look like a line of the program's own. */
export const oneLine = (text: string): string => text.replace(ACTED_ON, visible);

function visible(control: string): string {
  const code = (control.codePointAt(0) ?? 0).toString(16);
  return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u{${code}}`;
}

/** A line below a heading. */
export const row = (text: string): string => `${GAP}${oneLine(text)}`;

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

export function bytes(count: number): string {
  let value = count;
  let unit = 0;
  for (; value >= 1024 && unit < UNITS.length - 1; unit++) value /= 1024;
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}

export function duration(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

export const when = (milliseconds: number | null): string =>
  milliseconds === null ? 'never' : new Date(milliseconds).toISOString();
