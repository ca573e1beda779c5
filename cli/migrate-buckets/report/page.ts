import type { Report } from '../../../contracts/migrate-buckets/report';
import { candidatesSection } from './candidates-section';
import { moment } from './figures';
import { digestsSection, historySection, overridesSection, serverSection } from './history-section';
import { html, name } from './markup';
import { planSection } from './plan-section';
import { fidelitySection, proofSection } from './proof-section';
import { deletionSection, gatesSection } from './retirement-section';
import { STYLE } from './style';
import { verdictSection } from './verdict-section';

/** Forbids the page to fetch or to run anything, whatever it holds. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

const SECTIONS = [
  proofSection,
  gatesSection,
  deletionSection,
  overridesSection,
  candidatesSection,
  planSection,
  fidelitySection,
  serverSection,
  historySection,
  digestsSection,
];

/** A report as one page, which needs nothing else: no script, no network, no font. */
export function reportPage(report: Report): string {
  const { plan, phase, made_at, tool } = report;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${plan.source} → ${plan.destination}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header class="masthead">
  <h1>${name(plan.source)} <span class="arrow">→</span> ${name(plan.destination)}</h1>
  <p>${phase} · ${moment(made_at)}</p>
</header>
${verdictSection(report)}
${SECTIONS.map((each) => each(report))}
<footer>Made by ${tool} from what lies beside the plan; nobody was asked. It holds names, keys and counts, and nothing of what is in an object.</footer>
</main>
</body>
</html>
`.text;
}
