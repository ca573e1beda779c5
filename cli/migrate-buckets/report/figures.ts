import { bytes } from '../../shared/reporters/text';
import { html, type Markup } from './markup';

const NUMBERS = new Intl.NumberFormat('en');

/** A number with its thousands apart. */
export const figure = (value: number): string => NUMBERS.format(value);

/** The same with its noun: `1 object`, `2,000 objects`. */
export const figured = (value: number, noun: string, plural = `${noun}s`): string =>
  `${figure(value)} ${value === 1 ? noun : plural}`;

export const size = (value: number | null): string => (value === null ? '–' : bytes(value));

/** A share of a whole; nothing of nothing is nothing. */
export const share = (part: number, whole: number): string =>
  whole === 0 ? '–' : `${((100 * part) / whole).toFixed(part === 0 || part === whole ? 0 : 1)} %`;

/** A moment to the second, in UTC. */
export const utc = (at: string): string => at.replace('T', ' ').replace(/(?:\.\d+)?Z$/, ' UTC');

export const moment = (at: string): Markup => html`<time datetime="${at}">${utc(at)}</time>`;

/** Seconds as people say them. */
export function span(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const [hours, minutes, rest] = [seconds / 3600, (seconds / 60) % 60, seconds % 60].map(Math.floor);
  return hours === 0 ? `${minutes} min ${rest} s` : `${hours} h ${minutes} min`;
}
