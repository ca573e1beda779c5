import type { BucketEvidence, BucketSpread } from '../../../contracts/migrate-buckets/authority';
import type { Tally } from '../../../contracts/migrate-buckets/plan';
import { type Bar, bars, stacked } from './charts';
import { figure, share, size } from './figures';
import { html, type Markup, name } from './markup';

const DAY = 86_400_000;
/** Bars that can be told apart on a phone. */
const BARS_AT_MOST = 40;
const BARS_AT_LEAST = 14;
const PREFIXES_SHOWN = 10;

/** The days that all candidates are drawn over, cut into equal parts. */
export interface TimeAxis {
  /** Milliseconds since 1970, at midnight. */
  readonly first: number;
  /** Days of one bar. */
  readonly step: number;
  readonly bars: number;
}

/** One axis for all candidates, so that their charts can be compared; undefined where no day is known. Pure. */
export function timeAxis(buckets: readonly BucketEvidence[]): TimeAxis | undefined {
  const days = buckets
    .flatMap(({ spread }) => Object.keys(spread?.days ?? {}))
    .sort()
    .map((each) => Date.parse(each));
  const [first, last] = [days[0], days.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const count = (last - first) / DAY + 1;
  const step = Math.ceil(count / BARS_AT_MOST);
  const drawn = Math.max(BARS_AT_LEAST, Math.ceil(count / step));
  // The newest day ends the axis, so that one lone day does not fill it.
  return { first: last - (drawn * step - 1) * DAY, step, bars: drawn };
}

/** What falls on each bar of an axis. Pure. */
export function onAxis({ days }: BucketSpread, { first, step, bars: count }: TimeAxis): Tally[] {
  const tallies = Array.from({ length: count }, () => ({ objects: 0, bytes: 0 }));
  for (const [day, { objects, bytes }] of Object.entries(days)) {
    const tally = tallies[Math.floor((Date.parse(day) - first) / DAY / step)];
    if (tally === undefined) continue;
    tally.objects += objects;
    tally.bytes += bytes;
  }
  return tallies;
}

export interface Scales {
  readonly axis: TimeAxis | undefined;
  readonly objects: number;
  readonly bytes: number;
  /** The prefixes that are shown one by one, the largest first: in each candidate the same ones. */
  readonly prefixes: readonly string[];
}

/** The largest bar of all candidates: the same height is the same amount in each of their charts. */
export function scalesOf(buckets: readonly BucketEvidence[]): Scales {
  const axis = timeAxis(buckets);
  const all = axis === undefined ? [] : buckets.flatMap(({ spread }) => (spread ? onAxis(spread, axis) : []));
  const most = (of: (tally: Tally) => number) =>
    all.reduce((largest, tally) => Math.max(largest, of(tally)), 0);
  return {
    axis,
    objects: most(({ objects }) => objects),
    bytes: most(({ bytes }) => bytes),
    prefixes: largestPrefixes(buckets),
  };
}

function largestPrefixes(buckets: readonly BucketEvidence[]): string[] {
  const sizes = new Map<string, number>();
  for (const { spread } of buckets) {
    for (const { prefix, bytes } of spread?.prefixes ?? [])
      sizes.set(prefix, (sizes.get(prefix) ?? 0) + bytes);
  }
  const ranked = [...sizes].sort(([, a], [, b]) => b - a);
  return ranked.slice(0, PREFIXES_SHOWN).map(([prefix]) => prefix);
}

const day = (at: number): string => new Date(at).toISOString().slice(0, 10);

export function overTime(spread: BucketSpread, scales: Scales, colour: string): Markup {
  const { axis } = scales;
  if (axis === undefined) return html`<p class="empty">It holds nothing.</p>`;
  const tallies = onAxis(spread, axis);
  const { first, step } = axis;
  const from = (index: number) => first + index * step * DAY;
  const chart = (
    what: string,
    of: (tally: Tally) => number,
    say: (value: number) => string,
    largest: number,
  ) => {
    const values: Bar[] = tallies.map((tally, index) => ({
      value: of(tally),
      label: `${day(from(index))}: ${say(of(tally))}`,
    }));
    return html`<div><p class="axis"><span>${what}</span><span>at most ${say(largest)}</span></p>
      ${bars(`${what} over time`, values, largest, colour)}
      <p class="axis"><span>${day(first)}</span><span>${day(from(tallies.length) - DAY)}</span></p></div>`;
  };
  return html`<h3>Over time, by day of writing${step > 1 ? ` (a bar is ${step} days)` : ''}</h3><div class="pair">
    ${chart('Objects', ({ objects }) => objects, figure, scales.objects)}
    ${chart('Bytes', ({ bytes }) => bytes, size, scales.bytes)}
  </div>`;
}

const row = (
  what: Markup | string,
  tally: Tally,
  whole: number,
  colour: string,
): Markup => html`<div class="row">
  <span>${what}</span><span class="of">${figure(tally.objects)}</span><span class="of">${size(tally.bytes)}</span>
  ${stacked(share(tally.bytes, whole), [{ label: share(tally.bytes, whole), value: tally.bytes, className: colour }], whole)}
</div>`;

export const byCollection = (
  { kinds }: BucketSpread,
  whole: number,
  colour: string,
): Markup => html`<div class="rows">
  ${kinds.map((each) => row(each.collection === null ? 'of no collection' : `${each.collection}: ${each.kind}`, each, whole, colour))}
</div>`;

export function byPrefix(
  { prefixes, other_prefixes: others }: BucketSpread,
  { prefixes: shown }: Scales,
  whole: number,
  colour: string,
): Markup {
  const tallies = new Map(prefixes.map((each) => [each.prefix, each]));
  const rest = prefixes
    .filter(({ prefix }) => !shown.includes(prefix))
    .reduce<Tally>(
      (sum, { objects, bytes }) => ({ objects: sum.objects + objects, bytes: sum.bytes + bytes }),
      others,
    );
  return html`<div class="rows">
    ${shown.map((prefix) => row(prefix === '' ? 'in no folder' : name(prefix), tallies.get(prefix) ?? NOTHING, whole, colour))}
    ${rest.objects > 0 ? row('under other prefixes', rest, whole, colour) : null}
  </div>`;
}

const NOTHING: Tally = { objects: 0, bytes: 0 };

/** What two buckets share, by key and ETag. */
export function overlap(
  [first, firstColour]: readonly [BucketEvidence, string],
  [second, secondColour]: readonly [BucketEvidence, string],
): Markup {
  const both = first.contained_in[second.name] ?? 0;
  const only = { first: first.objects - both, second: second.objects - both };
  const whole = both + only.first + only.second;
  const part = (label: string, value: number, className: string) => ({ label, value, className });
  return html`<h3>${name(first.name)} and ${name(second.name)}</h3>
    ${stacked(
      `${figure(both)} of ${figure(whole)} objects are in both`,
      [
        part(`only in ${first.name}: ${figure(only.first)}`, only.first, firstColour),
        part(`in both: ${figure(both)}`, both, 'both'),
        part(`only in ${second.name}: ${figure(only.second)}`, only.second, secondColour),
      ],
      whole,
    )}
    <p class="legend">
      <span class="mark ${firstColour}">only in the first <b>${figure(only.first)}</b></span>
      <span class="mark both">in both <b>${figure(both)}</b></span>
      <span class="mark ${secondColour}">only in the second <b>${figure(only.second)}</b></span>
    </p>`;
}
