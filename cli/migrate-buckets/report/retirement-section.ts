import type { Report } from '../../../contracts/migrate-buckets/report';
import type { Gate } from '../../../contracts/migrate-buckets/retirement';
import { counted } from '../../shared/counted';
import { figure, moment, size } from './figures';
import { html, type Markup } from './markup';
import { card, empty, section, table } from './section';

function gateItem({ name: gate, passed, overridden, evidence }: Gate): Markup {
  const [tone, word] = overridden ? ['warn', 'overridden'] : passed ? ['good', 'holds'] : ['bad', 'fails'];
  return html`<li><span class="chip ${tone}">${word}</span><span class="what">${gate}</span><span class="why">${evidence}</span></li>`;
}

/** Each gate of the retirement with what it rested on. */
export function gatesSection({ retirement }: Report): Markup {
  const [id, title] = ['gates', 'The gates'];
  if (retirement === null) {
    const lead = 'Nothing is deleted unless every gate holds, twice: before the question and after it.';
    return section(id, title, lead, empty('No retirement was begun, so no gate is on record.'));
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

/** What the retirement took away, and what it left. */
export function deletionSection({ retirement, phase, plan, proof }: Report): Markup {
  const [id, title] = ['deleted', 'What was deleted'];
  const lead = `Of ${plan.source}: each object only under the ETag or the version that was verified, and only once the destination's listing of that moment showed it.`;
  const { inventory = null, retired = null } = retirement ?? {};
  if (retirement === null || inventory === null) {
    const known =
      phase === 'retired' && proof !== null
        ? `The ${figure(proof.objects)} verified objects (${size(proof.bytes)}) are deleted; the release that did it kept no record of how.`
        : 'Nothing was deleted.';
    return section(id, title, lead, empty(known));
  }
  const { objects, decoys, older, markers } = inventory;
  const rows = [
    ['verified objects', 'proven at the destination', objects.objects, size(objects.bytes)],
    ['decoys', 'of the old infrastructure: not data, not copied', decoys.objects, size(decoys.bytes)],
    ['older versions', 'not copied', older.objects, size(older.bytes)],
    ['delete markers', '', markers, ''],
  ] as const;
  return section(
    id,
    title,
    lead,
    card(
      html`<h3>What the bucket held before</h3>`,
      table(
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
      ),
      html`${plan.stranded.included > 0 ? html`<p class="soft">${counted(plan.stranded.included, 'further object')} of those proven came from other buckets, where ${plan.stranded.included === 1 ? 'it stays' : 'they stay'}.</p>` : null}`,
      html`<h3>What came of it</h3>`,
      outcome(retired, plan.source),
    ),
  );
}

function outcome(retired: NonNullable<Report['retirement']>['retired'], source: string): Markup {
  if (retired === null) return html`<p>This retirement did not come to an end, or a gate did not hold.</p>`;
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
    <p>${figure(deleted)} deleted for good${failed_count > 0 ? `, ${figure(failed_count)} could not be deleted` : ''}${uploads > 0 ? `, ${counted(uploads, 'unfinished upload')} aborted` : ''}. ${end}</p>
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
