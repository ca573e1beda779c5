import type { Report, ReportVerdict } from '../../../contracts/migrate-buckets/report';
import { LEVELS } from '../../../contracts/migrate-buckets/words';
import { figure, size } from './figures';
import { html, type Markup } from './markup';

/** What is begun without a proof on record is not said to have been safe, nor to be unsafe yet. */
const titleOf = ({ verdict: { standing, concerns }, phase, plan }: Report): string => {
  if (standing === 'unproven' && (phase === 'retiring' || phase === 'retired'))
    return 'What is not on record';
  if (standing === 'proven' && (plan.left_out?.objects ?? 0) > 0)
    return 'What is proven, and what was left out';
  const gaveUp = concerns.length > 0 && ['proven', 'retiring', 'retired'].includes(standing);
  return `${TITLES[standing]}${gaveUp ? ', and what was given up' : ''}`;
};

const TITLES: Record<ReportVerdict['standing'], string> = {
  planned: 'Nothing was done yet',
  unproven: 'Why it is not safe yet',
  proven: 'Why it is safe',
  retiring: 'Why it is safe so far',
  retired: 'Why it was safe',
};

/** What was overridden must not shine in green. */
export const toneOf = ({ standing, concerns }: ReportVerdict): string => {
  if (standing === 'planned') return 'idle';
  if (standing === 'unproven') return 'bad';
  return concerns.length > 0 ? 'warn' : 'good';
};

/** The verdict, first of all, with the figures that carry it. */
export function verdictSection(report: Report): Markup {
  const { verdict, proof, plan } = report;
  const { sentence, evidence, concerns } = verdict;
  const weakest = proof && LEVELS.findLast((level) => proof.levels[level].objects > 0);
  const { copy, replace } = plan.actions;
  const figures: [string, string][] = [
    ...(proof === null
      ? ([
          ['to be copied', figure(copy.objects + replace.objects)],
          ['their size', size(copy.bytes + replace.bytes)],
        ] as [string, string][])
      : ([
          ['objects proven', figure(proof.objects)],
          ['their size', size(proof.bytes)],
          ['the weakest proof', weakest ?? '–'],
        ] as [string, string][])),
    ['deleted', deletedInAll(report)],
  ];
  return html`
<div class="verdict ${toneOf(verdict)}" id="verdict">
  <h2>${titleOf(report)}</h2>
  <p class="sentence">${sentence}</p>
  <dl class="figures">${figures.map(([what, value]) => html`<div><dt>${what}</dt><dd>${value}</dd></div>`)}</dl>
  <ul class="reasons">
    ${evidence.map((each) => html`<li class="holds">${each}</li>`)}
    ${concerns.map((each) => html`<li class="concern">${each}</li>`)}
  </ul>
</div>`;
}

/** By all retirements together: one that was killed may have deleted more than it told. */
function deletedInAll({ retirement, earlier_retirements: earlier, phase }: Report): string {
  if (retirement === null) return phase === 'retiring' || phase === 'retired' ? 'not recorded' : '0';
  const all = [...earlier, retirement];
  const sum = figure(all.reduce((total, { deleted }) => total + deleted, 0));
  const isWhole = all.every(({ retired, gates }) => retired !== null || gates.some(({ passed }) => !passed));
  return isWhole ? sum : `at least ${sum}`;
}
