import type { Authority, BucketEvidence } from '../../../contracts/migrate-buckets/authority';
import type { Report } from '../../../contracts/migrate-buckets/report';
import { counted } from '../../shared/counted';
import { describeRecordForms } from '../snapshots/describe-record-forms';
import { byCollection, byPrefix, overlap, overTime, type Scales, scalesOf } from './candidate-charts';
import { figure, moment, size, utc } from './figures';
import { html, type Markup, name } from './markup';
import { card, empty, facts, section, sentences, table } from './section';

/** Buckets that are compared pair by pair; with more of them the pairs would say nothing any more. */
const COMPARED_AT_MOST = 4;
const STRANDED_SHOWN = 20;

const colourOf = (index: number): string => `c${index % 4}`;

/** The candidates side by side, and why one of them is the truth. */
export function candidatesSection({ authority, plan }: Report): Markup {
  const [id, title] = ['candidates', 'Which bucket was the truth'];
  if (authority === null) {
    return section(id, title, 'What was found in each candidate when the plan was made.', [
      empty('The release that made this plan kept the sentences alone.'),
      card(sentences(plan.authority)),
    ]);
  }
  const { buckets } = authority;
  if (buckets.length === 0) {
    return section(id, 'What it was for', 'It was not chosen among candidates.', [
      card(sentences(plan.authority)),
    ]);
  }
  const scales = scalesOf(buckets);
  return section(
    id,
    // Where each collection has a truth of its own, or nobody could tell, none of them is the one.
    authority.winner === null ? 'What each candidate held' : title,
    `${counted(buckets.length, 'candidate')}, as they were when the plan was made. The same height, and the same day, in each chart.`,
    [
      card(html`<h3>The evidence</h3>`, sentences(plan.authority)),
      html`<div class="candidates">${buckets.map((bucket, index) => candidate(bucket, authority, scales, colourOf(index)))}</div>`,
      ...(authority.signals.length === 0 ? [] : [card(html`<h3>Signal by signal</h3>`, signals(authority))]),
      card(html`<h3>Overlap, by key and ETag</h3>`, overlaps(buckets)),
      ...(authority.stranded.length === 0 ? [] : [stranded(authority)]),
    ],
  );
}

function candidate(bucket: BucketEvidence, { winner }: Authority, scales: Scales, colour: string): Markup {
  const { spread, objects, bytes, decoys, newest_write: newest, references, collections } = bucket;
  return card(
    html`<p class="candidate-title"><span class="mark ${colour}">${name(bucket.name)}</span>${bucket.name === winner ? html`<span class="chip good">the truth</span>` : null}</p>`,
    facts([
      ['objects', figure(objects)],
      ['size', size(bytes)],
      ['decoys', figure(decoys)],
      ['newest write', newest === null ? 'never' : moment(new Date(newest).toISOString())],
      ['named by', references.length === 0 ? 'nothing that was found' : sentences(references)],
    ]),
    html`<div>${collections.map(snapshot)}</div>`,
    ...(spread === undefined
      ? [html`<p class="soft">How its objects lie was not kept.</p>`]
      : [
          html`<div>${overTime(spread, scales, colour)}</div>`,
          html`<div><h3>By collection</h3>${byCollection(spread, bytes, colour)}</div>`,
          html`<div><h3>By prefix</h3>${byPrefix(spread, scales, bytes, colour)}</div>`,
        ]),
  );
}

function snapshot(evidence: BucketEvidence['collections'][number]): Markup {
  const { collection, version, records, gates } = evidence;
  const forms = describeRecordForms(evidence);
  const named = (result: string) => gates.filter((each) => each.result === result);
  const [passed, failed] = [named('pass'), named('fail')];
  const holds = records === null ? 'not opened' : counted(records, 'record');
  const what = version === null ? 'no snapshot' : html`snapshot ${name(version)}, ${holds}`;
  const chip =
    failed.length > 0
      ? html`<span class="chip bad">${failed.map(({ gate }) => gate).join(', ')}</span>`
      : html`<span class="chip good">${counted(passed.length, 'gate')} ${passed.length === 1 ? 'passes' : 'pass'}</span>`;
  return html`<h3>${collection}</h3><p>${what} ${chip}</p>${failed.map((gate) => html`<p class="soft">${gate.evidence}</p>`)}${forms === undefined ? null : html`<p class="soft">${forms.shares}</p>`}${forms?.warning === undefined ? null : html`<p class="soft">${forms.warning}</p>`}`;
}

function signals({ signals: all, buckets }: Authority): Markup {
  const shown = (signal: string, value: string | number | undefined): string => {
    if (value === undefined) return '–';
    if (signal === 'bytes') return size(Number(value));
    if (signal === 'newest write')
      return Number(value) === 0 ? 'never' : utc(new Date(Number(value)).toISOString());
    return typeof value === 'number' ? figure(value) : value;
  };
  return table(
    [{ title: 'signal' }, ...buckets.map((bucket) => ({ title: bucket.name, isNumber: false }))],
    all.map(({ name: signal, values, best }) => ({
      cells: [
        signal,
        ...buckets.map((bucket) =>
          best.includes(bucket.name)
            ? html`<span class="best">${shown(signal, values[bucket.name])}</span>`
            : shown(signal, values[bucket.name]),
        ),
      ],
    })),
  );
}

function overlaps(buckets: readonly BucketEvidence[]): Markup {
  if (buckets.length < 2) return html`<p class="empty">There was one candidate alone.</p>`;
  const compared = buckets.slice(0, COMPARED_AT_MOST);
  return html`${compared.flatMap((first, index) =>
    compared
      .slice(index + 1)
      .map((second, offset) => overlap([first, colourOf(index)], [second, colourOf(index + 1 + offset)])),
  )}${buckets.length > COMPARED_AT_MOST ? html`<p class="soft">The first ${COMPARED_AT_MOST} of ${buckets.length}; the JSON tells all.</p>` : null}`;
}

function stranded({ stranded: all }: Authority): Markup {
  const shown = all.slice(0, STRANDED_SHOWN);
  return card(
    html`<h3>Deltas that only a losing bucket held</h3>`,
    table(
      [{ title: 'bucket' }, { title: 'key' }],
      shown.map(({ bucket, key }) => ({ cells: [name(bucket), name(key)] })),
    ),
    html`<p class="soft">${all.length > shown.length ? `and ${all.length - shown.length} more` : ''}</p>`,
  );
}
