import type { Action } from '../../../contracts/migrate-buckets/plan';
import type { Report } from '../../../contracts/migrate-buckets/report';
import { describePlacement } from '../listing/describe-placement';
import { describeExpiry } from '../planning/describe-expiry';
import { figure, figured, moment, size, span } from './figures';
import { html, type Markup, name } from './markup';
import { card, facts, section, sentences, table } from './section';

const ACTIONS: Record<Action, string> = {
  copy: 'copy',
  replace: 'replace what is there, by consent',
  conflict: 'conflict',
  keep: 'keep: already there',
  skip: 'skip: decoys of the old infrastructure',
};

/** What was to be done, what it was estimated to cost, and what it took. */
export function planSection({ plan, copied, runs }: Report): Markup {
  const { actions, requests, stranded } = plan;
  const all = Object.entries(actions).filter(([action]) => action !== 'conflict');
  const took = runs
    .filter(({ command }) => command === 'apply')
    .reduce((sum, { seconds }) => sum + seconds, 0);
  return section('plan', 'The plan', 'What was to be done with each object of the source.', [
    card(
      table(
        [{ title: 'action' }, { title: 'objects', isNumber: true }, { title: 'size', isNumber: true }],
        [
          ...all.map(([action, tally]) => [ACTIONS[action as Action], tally] as const),
          ...(plan.left_out === undefined ? [] : [['left out by the filters', plan.left_out] as const]),
        ].map(([what, { objects, bytes }]) => ({
          cells: [what, figure(objects), size(bytes)],
          faint: objects === 0,
        })),
      ),
    ),
    card(
      facts([
        ['planned', moment(plan.created_at)],
        ...(plan.expiry === undefined ? [] : describeExpiry(plan.destination, plan.expiry)).map(
          (sentence) => ['lifecycle', sentence] as const,
        ),
        ...describePlacement(plan).map((sentence) => ['placement', sentence] as const),
        [
          'region',
          plan.source_region === undefined || plan.source_region === plan.region
            ? plan.region
            : `${plan.source_region} to ${plan.region}`,
        ],
        ['owner', plan.owner ?? 'could not be found out'],
        ['estimated', `$${plan.estimated_cost.toFixed(4)}, ${span(plan.estimated_time)}`],
        [
          'requests',
          [
            figured(requests.list, 'listing'),
            figured(requests.copy, 'copy', 'copies'),
            figured(requests.read, 'read'),
          ].join(', '),
        ],
        [
          'copied',
          copied === null
            ? 'nothing on record'
            : html`${figured(copied.objects, 'object')}, ${size(copied.bytes)}, in ${span(took)}`,
        ],
        [
          'stranded deltas',
          `${figure(stranded.included)} taken along, ${figure(stranded.accepted_lost.length)} accepted to be lost`,
        ],
      ]),
    ),
    card(
      html`<details><summary>Permissions that it takes</summary>${sentences(
        plan.permissions.map(
          ({ actions: names, resource, retire }) =>
            html`${names.join(', ')} on ${name(resource)}${retire === true ? ' (to retire it)' : ''}`,
        ),
      )}</details>`,
    ),
  ]);
}
