import type { Report, ReportedRetirement } from '../../../contracts/migrate-buckets/report';
import type { Gate } from '../../../contracts/migrate-buckets/retirement';
import { counted } from '../../shared/counted';
import { figure, figured, moment, size, utc } from './figures';
import { html, type Markup } from './markup';
import { card, empty, section, table } from './section';

function gateItem({ name: gate, passed, overridden, evidence }: Gate): Markup {
  const [tone, word] = overridden ? ['warn', 'overridden'] : passed ? ['good', 'holds'] : ['bad', 'fails'];
  return html`<li><span class="chip ${tone}">${word}</span><span class="what">${gate}</span><span class="why">${evidence}</span></li>`;
}

const isBegun = (phase: Report['phase']): boolean => phase === 'retiring' || phase === 'retired';

/** Each gate of the retirement with what it rested on. */
export function gatesSection({ retirement, phase }: Report): Markup {
  const [id, title] = ['gates', 'The gates'];
  if (retirement === null) {
    const lead = 'Nothing is deleted unless every gate holds, twice: before the question and after it.';
    const why = isBegun(phase)
      ? 'The retirement was begun, and its record is not beside the plan.'
      : 'No retirement was begun, so no gate is on record.';
    return section(id, title, lead, empty(why));
  }
  const failing = retirement.gates.filter(({ passed }) => !passed).length;
  const lead = `${failing === 0 ? 'All' : `${retirement.gates.length - failing} of`} ${counted(retirement.gates.length, 'gate')} held when they were evaluated under the lock.`;
  return section(
    id,
    title,
    lead,
    card(
      html`<ul class="gates">${retirement.gates.map(gateItem)}</ul>`,
      html`<p class="soft">Evaluated at ${moment(retirement.at)}.</p>`,
    ),
  );
}

/** What each retirement took away, and what the last one left. */
export function deletionSection(report: Report): Markup {
  const { retirement, earlier_retirements: earlier, phase, plan, proof } = report;
  const [id, title] = ['deleted', 'What was deleted'];
  const lead = `Of ${plan.source}: each object only under the ETag or the version that was verified, and only once the destination's listing of that moment showed it.`;
  if (retirement === null || (retirement.inventory === null && earlier.length === 0)) {
    const known =
      phase === 'retired' && proof !== null
        ? `What was verified (${figured(proof.objects, 'object')}, ${size(proof.bytes)}) is deleted; how that was done is not on record.`
        : isBegun(phase)
          ? 'The retirement was begun. What it deleted is not on record.'
          : 'Nothing was deleted.';
    return section(id, title, lead, empty(known));
  }
  const all = [...earlier, retirement];
  const { included } = plan.stranded;
  const further =
    included > 0
      ? html`<p class="soft">${counted(included, 'further object')} of those proven came from other buckets, where ${included === 1 ? 'it stays' : 'they stay'}.</p>`
      : null;
  return section(id, title, lead, [
    ...all.map((each, index) =>
      attempt(
        each,
        plan.source,
        all.length === 1 ? '' : `Attempt ${index + 1} of ${all.length}, ${utc(each.at)}: `,
      ),
    ),
    ...(further === null ? [] : [further]),
  ]);
}

function attempt({ inventory, ...more }: ReportedRetirement, source: string, which: string): Markup {
  return card(
    html`<h3>${which}${which === '' ? 'W' : 'w'}hat the bucket held before</h3>`,
    inventory === null ? html`<p class="empty">It was not looked at.</p>` : held(inventory),
    html`<h3>What came of it</h3>`,
    outcome(more, source),
  );
}

function held({
  objects,
  decoys,
  older,
  markers,
  left_out: leftOut,
}: NonNullable<ReportedRetirement['inventory']>): Markup {
  const rows = [
    ['verified objects', 'as they were verified', objects.objects, size(objects.bytes)],
    ['decoys', 'of the old infrastructure: not data, not copied', decoys.objects, size(decoys.bytes)],
    ['older versions', 'not copied', older.objects, size(older.bytes)],
    ['delete markers', '', markers, ''],
    ...(leftOut === undefined
      ? []
      : [
          [
            'left out',
            'by the filters of the plan: never deleted',
            leftOut.objects,
            size(leftOut.bytes),
          ] as const,
        ]),
  ] as const;
  return table(
    [
      { title: '' },
      { title: '', isWide: true },
      { title: 'count', isNumber: true },
      { title: 'size', isNumber: true },
    ],
    rows.map(([what, why, count, bytes]) => ({
      cells: [what, why, figure(count), bytes],
      faint: count === 0,
    })),
  );
}

function outcome(
  { gates, hidden: hiddenObjects, deleted: told, retired }: Omit<ReportedRetirement, 'inventory'>,
  source: string,
): Markup {
  if (gates.some(({ passed }) => !passed)) return html`<p>A gate did not hold: nothing was deleted.</p>`;
  if (retired === null) {
    const counts = `${figure(hiddenObjects)} hidden and ${figure(told)} deleted for good`;
    return html`<p>It did not come to an end. It told of ${counts}, and may have done more: what the next attempt found tells.</p>`;
  }
  const {
    mode,
    hidden,
    deleted,
    uploads_aborted: uploads,
    bucket_deleted,
    failed,
    failed_count,
    left,
  } = retired;
  const end = bucket_deleted
    ? `${source} itself is deleted.`
    : mode === 'soft'
      ? `${source} is marked as retired, and holds what it held.`
      : hidden
        ? `Its objects are hidden under delete markers, and can be brought back.`
        : left?.versions === 0
          ? `${source} is empty, and kept so that nobody else can take its name.`
          : `${source} is kept.`;
  return html`
    <p>${hiddenObjects > 0 ? `${figure(hiddenObjects)} hidden under delete markers, ` : ''}${figure(deleted)} deleted for good${failed_count > 0 ? `, ${figure(failed_count)} could not be deleted` : ''}${uploads > 0 ? `, ${counted(uploads, 'unfinished upload')} aborted` : ''}. ${end}</p>
    ${left !== null && left.versions > 0 ? html`<p>${counted(left.versions, 'version')} (${size(left.bytes)}) left, ${figure(left.newer)} of them newer than the verification.</p>` : null}
    ${
      failed.length > 0
        ? table(
            [{ title: 'key' }, { title: 'why it is left' }],
            failed
              .slice(0, 20)
              .map(({ key, message }) => ({ cells: [html`<bdi class="name">${key}</bdi>`, message] })),
          )
        : null
    }`;
}
