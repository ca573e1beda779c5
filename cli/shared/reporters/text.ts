import Table from 'cli-table3';
import pc from 'picocolors';

/** A table without colours of its own, so that NO_COLOR and pipes are honoured by picocolors alone. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const made = new Table({ head: head.map((name) => pc.bold(name)), style: { head: [], border: [] } });
  made.push(...rows.map((row) => [...row]));
  return made.toString();
}

export const heading = (text: string): string => pc.bold(text);
export const good = (text: string): string => pc.green(text);
export const bad = (text: string): string => pc.red(text);
export const faint = (text: string): string => pc.dim(text);

/**
 * Makes control characters visible, but for line ends and colours: a key may hold any of them, and a terminal
 * must not act on what a key says.
 */
export const printable = (text: string): string =>
  text.replace(/\p{Cc}/gu, (each, offset: number) => {
    const isColour = each === '\u001b' && /^\[\d+m/.test(text.slice(offset + 1, offset + 5));
    if (each === '\n' || isColour) return each;
    return `\\x${each.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });

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
