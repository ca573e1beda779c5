import type { Report, Run } from '../../../contracts/migrate-buckets/report';
import { figured, moment, span } from './figures';
import { html, type Markup, name } from './markup';
import { card, empty, facts, section, sentences, table } from './section';

const RUNS_SHOWN = 20;

/** What each call did, and how long each step took. */
export function historySection({ runs, phase }: Report): Markup {
  const [id, title] = ['timings', 'What happened, and how long it took'];
  const lead = 'One table for each call, the first one first. A time is what passed since the step before.';
  if (runs.length === 0) {
    const why =
      phase === 'planned' ? 'Nothing was carried out yet.' : 'What was carried out is not on record.';
    return section(id, title, lead, empty(why));
  }
  const rest = runs.length - RUNS_SHOWN;
  return section(id, title, lead, [
    ...(rest > 0
      ? [html`<p class="soft">The last ${RUNS_SHOWN} of ${runs.length} calls; the JSON tells all.</p>`]
      : []),
    ...runs.slice(-RUNS_SHOWN).map(call),
  ]);
}

const ENDS: Record<Run['end'], readonly [tone: string, word: string]> = {
  done: ['good', 'done'],
  stopped: ['warn', 'stopped'],
  unknown: ['idle', 'no end known'],
};

function call({ command, begun_at: at, seconds, end, steps }: Run): Markup {
  const [tone, word] = ENDS[end];
  return card(
    html`<p class="candidate-title">${command}<span class="chip ${tone}">${word}</span><span class="soft">${moment(at)}, ${span(seconds)}</span></p>`,
    table(
      [{ title: 'step', isLabel: true }, { title: 'what' }, { title: 'took', isNumber: true }],
      steps.map(({ event, seconds: took, message }) => ({ cells: [event, message, span(took)] })),
    ),
  );
}

/** What the operator decided against the tool's advice, and what the server could not do. */
export function overridesSection(report: Report): Markup {
  const { overrides, server, no_freeze: noFreeze, retirement, earlier_retirements: earlier } = report;
  const [id, title] = ['overrides', 'What was overridden, and what was done without'];
  const lead = 'Each by its name, by the operator.';
  const evidenceOf = (gate: string) =>
    [retirement, ...earlier.toReversed()]
      .flatMap((each) => each?.gates ?? [])
      .find(({ name: each, overridden }) => each === gate && overridden)?.evidence ?? '';
  const rows = [
    ...overrides.map(({ gate, at }) => ({ cells: [`gate ${gate}`, evidenceOf(gate), moment(at)] })),
    ...(server?.accepted_missing ?? []).map(({ capability, at }) => ({
      cells: [
        `capability ${capability}`,
        server?.checks.find((each) => each.capability === capability && each.result === 'missing')
          ?.evidence ?? '',
        moment(at),
      ],
    })),
    ...(noFreeze ? [{ cells: ['freeze', 'The source was said to be idle (--no-freeze).', ''] }] : []),
  ];
  return section(
    id,
    title,
    lead,
    rows.length === 0
      ? empty('Nothing was overridden, and nothing that the server lacks was accepted.')
      : card(
          table([{ title: 'what' }, { title: 'why it was asked' }, { title: 'when', isWide: true }], rows),
        ),
  );
}

const RESULTS = { proven: 'good', missing: 'bad', denied: 'bad', unchecked: 'idle' } as const;

/** What the server was shown to do. */
export function serverSection({ server, plan }: Report): Markup {
  const checks = server?.checks ?? plan.server;
  return section(
    'server',
    'What the server can do',
    server === null
      ? 'As far as reading showed it when the plan was made.'
      : 'Tried on objects of our own before anything was copied.',
    checks.length === 0
      ? empty('Nothing on record was tried.')
      : card(
          html`<ul class="gates">${checks.map(
            ({ capability, bucket, result, evidence }) =>
              html`<li><span class="chip ${RESULTS[result]}">${result}</span><span class="what">${capability}</span><span class="why">${name(bucket)}: ${evidence}</span></li>`,
          )}</ul>`,
        ),
  );
}

/** What can be compared with other records of the same migration. */
export function digestsSection({ plan, proof, certificates }: Report): Markup {
  const digest = (text: string) => html`<span class="digest">${text}</span>`;
  return section('digests', 'Digests', 'SHA-256, to hold other records of this migration against.', [
    card(
      facts([
        ['the plan', digest(plan.digest)],
        ['what was verified', proof === null ? 'nothing yet' : digest(proof.digest)],
        [
          'certificates',
          certificates.length === 0
            ? 'none on record (verify --certificate writes one)'
            : sentences(
                certificates.map(
                  ({ at, path, digest: text, objects }) =>
                    html`${name(path)}, ${figured(objects, 'object')}, ${moment(at)}<br>${digest(text)}`,
                ),
              ),
        ],
      ]),
    ),
  ]);
}
