import type { Report } from '../../../contracts/migrate-buckets/report';
import { LEVELS, type Level } from '../../../contracts/migrate-buckets/words';
import { stacked } from './charts';
import { figure, figured, moment, share, size } from './figures';
import { html, type Markup } from './markup';
import { card, empty, section, table } from './section';

const MEANING: Record<Level, string> = {
  P4: "P3, and the application's own hash, the same on both sides",
  P3: 'the same ETag, or every byte compared',
  P2: "copied by us under a pin to the source's ETag, the same size",
  P1: 'the same size, nothing more',
  P0: 'missing or different',
};

/** The ladder of proofs, by count. */
export function proofSection({ proof }: Report): Markup {
  const lead =
    'Deletion demands P2 of every object, and P3 of whatever a pointer leads to. P4 is the best proof, P0 none.';
  if (proof === null) {
    return section('proof', 'How well each object is proven', lead, empty('No proof is on record.'));
  }
  const { levels, objects, at } = proof;
  const segments = LEVELS.map((level) => ({
    label: `${level}: ${figure(levels[level].objects)}`,
    value: levels[level].objects,
    className: level,
  }));
  const rows = LEVELS.map((level) => ({
    cells: [
      html`<span class="mark ${level}">${level}</span>`,
      MEANING[level],
      figure(levels[level].objects),
      share(levels[level].objects, objects),
      size(levels[level].bytes),
    ],
    faint: levels[level].objects === 0,
  }));
  return section(
    'proof',
    'How well each object is proven',
    lead,
    html`<div class="card ladder">
      ${stacked('Objects by level of proof', segments, objects)}
      ${table([{ title: 'level', isLabel: true }, { title: 'what it means' }, { title: 'objects', isNumber: true }, { title: 'share', isNumber: true, isWide: true }, { title: 'size', isNumber: true, isWide: true }], rows)}
      <p class="soft">Verified at ${moment(at)}, by another listing than the one that copied.</p>
    </div>`,
  );
}

/** What objects carry beside their bytes. */
export function fidelitySection({ proof, plan }: Report): Markup {
  const { not_carried: lost, noncurrent_versions: older } = plan;
  const compared = proof?.fidelity ?? null;
  const counts: [string, number][] =
    lost === undefined
      ? []
      : [
          ['encrypted with a key of KMS', lost.kms_keys],
          ['with a website redirect', lost.website_redirects],
          ['under retention or legal hold', lost.object_locks],
        ];
  return section(
    'fidelity',
    'What copies carry, and what they do not',
    'Beside its bytes an object has headers, metadata and tags; and some of what a bucket can do is not copied at all.',
    [
      card(
        html`<h3>Compared</h3>`,
        compared === null
          ? html`<p class="empty">Nothing on record was compared yet.</p>`
          : html`<p>Content type, encoding, cache control, metadata and tags of ${figured(compared.compared, 'object')}, ${compared.deep ? 'which are all' : `a sample drawn by the seed ${compared.seed}`}: ${compared.differing === 0 ? 'none differs' : `${figure(compared.differing)} ${compared.differing === 1 ? 'differs' : 'differ'}`}.</p>`,
      ),
      card(
        html`<h3>Not carried</h3>`,
        lost === undefined
          ? html`<p class="empty">The plan did not look.</p>`
          : html`${table(
              [
                { title: `of ${figured(lost.examined, 'examined object')}` },
                { title: 'objects', isNumber: true },
              ],
              counts.map(([what, count]) => ({ cells: [what, figure(count)], faint: count === 0 })),
            )}<ul class="sentences">${lost.bucket.map((each) => html`<li>${each}</li>`)}</ul>`,
        html`<p class="soft">${older === null ? 'Older versions could not be counted.' : `${figured(older, 'older version')} ${older === 1 ? 'stays' : 'stay'} behind: only current objects are migrated.`}</p>`,
      ),
    ],
  );
}
