import { Markup } from './markup';

/** All of the page's style. No font is fetched, and nothing else: the page must look the same in ten years. */
export const STYLE = new Markup(`
:root {
  color-scheme: light dark;
  --page: #f7f7f5; --card: #fff; --ink: #1c1e21; --soft: #585e66; --line: #dfe1dd; --track: #ecedea;
  --good: #1a6b43; --good-ground: #e6f2ea; --warn: #8a5300; --warn-ground: #fbf0dc; --bad: #a8261d; --bad-ground: #fbe9e7;
  --c0: #2f6fb3; --c1: #b06a1d; --c2: #6d5aa8; --c3: #2c8577;
  --p4: #14532f; --p3: #2f8a57; --p2: #a8b840; --p1: #d98e2b; --p0: #b3261e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #15171a; --card: #1e2125; --ink: #e8e9ea; --soft: #a4abb3; --line: #343940; --track: #2a2e33;
    --good: #7fd3a2; --good-ground: #17301f; --warn: #f0bb63; --warn-ground: #352710; --bad: #ff9d93; --bad-ground: #3c1a17;
    --c0: #6aa9ea; --c1: #e0a156; --c2: #a997e6; --c3: #5fc0af;
    --p4: #3f9d68; --p3: #6cc993; --p2: #c3cf62; --p1: #e3a654; --p0: #ef766c;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; background: var(--page); color: var(--ink); overflow-wrap: anywhere;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
}
main { max-width: 68rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1, h2, h3, p, ul, ol, dl, dd, figure { margin: 0; }
ul, ol { padding: 0; list-style: none; }
.name { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; font-size: .9em; }
.digest { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; font-size: .8rem; }
.soft { color: var(--soft); font-size: .875rem; }
time { white-space: nowrap; font-variant-numeric: tabular-nums; }

.masthead { display: flex; flex-wrap: wrap; gap: .25rem 1rem; justify-content: space-between; align-items: baseline; margin-bottom: 1.5rem; color: var(--soft); font-size: .875rem; }
h1 { font-size: 1.15rem; font-weight: 600; color: var(--ink); }
h1 .arrow { color: var(--soft); font-weight: 400; }

.verdict { background: var(--card); border: 1px solid var(--line); border-left: .4rem solid var(--tone); border-radius: .5rem; padding: 1.5rem; }
.verdict h2 { font-size: 1.9rem; line-height: 1.2; font-weight: 650; letter-spacing: -.01em; color: var(--tone); margin: 0 0 .5rem; }
.verdict .sentence { font-size: 1.125rem; max-width: 46rem; }
.good { --tone: var(--good); --ground: var(--good-ground); }
.warn { --tone: var(--warn); --ground: var(--warn-ground); }
.bad { --tone: var(--bad); --ground: var(--bad-ground); }
.idle { --tone: var(--soft); --ground: var(--track); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: 1rem 1.5rem; margin: 1.5rem 0; padding: 1.25rem 0; border: solid var(--line); border-width: 1px 0; }
.figures dt { color: var(--soft); font-size: .8125rem; }
.figures dd { font-size: 1.5rem; line-height: 1.25; font-weight: 600; font-variant-numeric: tabular-nums; }
.reasons li { position: relative; padding-left: 1.6rem; margin-top: .5rem; max-width: 52rem; }
.reasons li::before { position: absolute; left: 0; font-weight: 700; }
.reasons .holds::before { content: "\\2713"; color: var(--good); }
.reasons .concern { color: var(--warn); }
.reasons .concern::before { content: "!"; left: .25rem; }

section { margin-top: 3rem; }
section > h2 { font-size: 1.25rem; font-weight: 650; margin-bottom: .25rem; }
section > .lead { color: var(--soft); max-width: 48rem; margin-bottom: 1rem; }
h3 { font-size: .9375rem; font-weight: 600; margin: 1.5rem 0 .5rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: 1.25rem; min-width: 0; }
.card + .card { margin-top: 1rem; }
.card > h3:first-child { margin-top: 0; }
.empty { color: var(--soft); }

.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9375rem; }
th, td { padding: .45rem .9rem .45rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
td { min-width: 6.5rem; }
.label, .number { min-width: 0; white-space: nowrap; overflow-wrap: normal; }
tr:last-child > * { border-bottom: 0; }
thead th { color: var(--soft); font-weight: 500; font-size: .8125rem; }
tbody th { font-weight: 500; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
th:last-child, td:last-child { padding-right: 0; }
.none td, .none th { color: var(--soft); }
.best { font-weight: 650; color: var(--good); }

.chip { display: inline-block; min-width: 5.2rem; text-align: center; border-radius: .25rem; padding: .05rem .5rem; font-size: .75rem; font-weight: 650; letter-spacing: .02em; color: var(--tone); background: var(--ground); white-space: nowrap; }
.gates li { display: grid; grid-template-columns: 6.5rem 8.5rem 1fr; gap: .25rem 1rem; padding: .55rem 0; border-bottom: 1px solid var(--line); align-items: baseline; }
.gates li:last-child { border-bottom: 0; }
.gates .what { font-weight: 600; }
.gates .why { min-width: 0; }

svg { display: block; width: 100%; }
.bars { height: 4.5rem; border-bottom: 1px solid var(--line); }
.stacked { height: .75rem; background: var(--track); border-radius: .2rem; overflow: hidden; }
.ladder .stacked { height: 1.5rem; margin-bottom: 1rem; }
.axis { display: flex; justify-content: space-between; gap: .5rem; flex-wrap: wrap; color: var(--soft); font-size: .75rem; font-variant-numeric: tabular-nums; }
.c0 { fill: var(--c0); --mark: var(--c0); } .c1 { fill: var(--c1); --mark: var(--c1); } .c2 { fill: var(--c2); --mark: var(--c2); } .c3 { fill: var(--c3); --mark: var(--c3); }
.both { fill: var(--soft); --mark: var(--soft); }
.P4 { fill: var(--p4); --mark: var(--p4); } .P3 { fill: var(--p3); --mark: var(--p3); } .P2 { fill: var(--p2); --mark: var(--p2); } .P1 { fill: var(--p1); --mark: var(--p1); } .P0 { fill: var(--p0); --mark: var(--p0); }
.mark::before { content: ""; display: inline-block; width: .7em; height: .7em; border-radius: .15em; margin-right: .5em; background: var(--mark); print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.candidates { margin: 1rem 0; display: grid; grid-template-columns: repeat(auto-fit, minmax(min(19rem, 100%), 1fr)); gap: 1rem; }
.candidates .card { margin: 0; display: grid; grid-template-columns: minmax(0, 1fr); align-content: start; }
@supports (grid-template-rows: subgrid) { .candidates .card { grid-row: span 6; grid-template-rows: subgrid; row-gap: 0; } }
.candidate-title { display: flex; flex-wrap: wrap; gap: .35rem .75rem; align-items: baseline; font-size: 1rem; font-weight: 600; margin: 0 0 .75rem; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: 0 1rem; }
.rows { display: grid; gap: .55rem; }
.rows .row { display: grid; grid-template-columns: minmax(0, 1fr) auto 5.5rem; gap: .1rem .5rem; font-size: .875rem; }
.rows .row svg { grid-column: 1 / -1; height: .35rem; }
.rows .row .of { text-align: right; font-variant-numeric: tabular-nums; color: var(--soft); white-space: nowrap; }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; font-size: .875rem; margin-top: .5rem; }
.legend b { font-weight: 600; font-variant-numeric: tabular-nums; }
.sentences li + li { margin-top: .35rem; }
.sentences li { }
details summary { cursor: pointer; font-size: .9375rem; font-weight: 600; }
details .sentences { margin-top: .75rem; font-size: .875rem; }
.facts { display: grid; align-content: start; grid-template-columns: minmax(7rem, max-content) minmax(0, 1fr); gap: .4rem 1.25rem; }
.facts dt { color: var(--soft); }
.facts dd { min-width: 0; }
footer { margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--soft); font-size: .8125rem; }

@media (max-width: 40rem) {
  main { padding: 1.25rem 1rem 3rem; }
  .verdict { padding: 1.1rem; }
  .verdict h2 { font-size: 1.5rem; }
  .verdict .sentence { font-size: 1rem; }
  .figures { grid-template-columns: 1fr 1fr; }
  .figures dd { font-size: 1.25rem; }
  .gates li { grid-template-columns: auto 1fr; }
  .gates .why { grid-column: 1 / -1; }
  .card { padding: 1rem; }
  .facts { grid-template-columns: minmax(5.5rem, max-content) minmax(0, 1fr); gap: .4rem .9rem; }
  .wide { display: none; }
  time { white-space: normal; }
  table { font-size: .875rem; }
  td { min-width: 7rem; }
  .label, .number { min-width: 0; }
}
@media print {
  :root {
    color-scheme: light;
    --page: #fff; --card: #fff; --ink: #000; --soft: #4a4f55; --line: #c9ccc7; --track: #ecedea;
    --good: #14532f; --good-ground: #e6f2ea; --warn: #7a4900; --warn-ground: #fbf0dc; --bad: #93201a; --bad-ground: #fbe9e7;
    --c0: #2f6fb3; --c1: #b06a1d; --c2: #6d5aa8; --c3: #2c8577;
    --p4: #14532f; --p3: #2f8a57; --p2: #a8b840; --p1: #d98e2b; --p0: #b3261e;
  }
  body { font-size: 10pt; }
  main { max-width: none; padding: 0; }
  .card, .verdict, tr, .gates li { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  .scroll { overflow: visible; }
  details::details-content { content-visibility: visible; block-size: auto; }
  svg, .chip { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`);
