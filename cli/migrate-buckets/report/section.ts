import { html, type Markup } from './markup';

/** A section of the page. It is there in every phase, if only to say that there is nothing. */
export const section = (
  id: string,
  title: string,
  lead: string,
  body: Markup | readonly Markup[],
): Markup => html`
<section id="${id}">
  <h2>${title}</h2>
  <p class="lead">${lead}</p>
  ${body}
</section>`;

export const card = (...body: readonly Markup[]): Markup => html`<div class="card">${body}</div>`;

/** What a section says where nothing is known yet. */
export const empty = (sentence: string): Markup => card(html`<p class="empty">${sentence}</p>`);

export interface Column {
  readonly title: string;
  /** Aligned to the right, digit under digit. */
  readonly isNumber?: boolean;
  /** Never cut: a word that stands for the row. */
  readonly isLabel?: boolean;
  /** Left out on a phone. */
  readonly isWide?: boolean;
}

const classOf = ({ isNumber, isLabel, isWide }: Column): string =>
  [isNumber === true && 'number', isLabel === true && 'label', isWide === true && 'wide']
    .filter((each) => each !== false)
    .join(' ');

/** A table that scrolls within itself where it does not fit. Rows of `faint` are there, but empty. */
export const table = (
  columns: readonly Column[],
  rows: readonly { readonly cells: readonly (Markup | string)[]; readonly faint?: boolean }[],
): Markup => html`<div class="scroll"><table>
  <thead><tr>${columns.map((column) => html`<th scope="col" class="${classOf(column)}">${column.title}</th>`)}</tr></thead>
  <tbody>${rows.map(
    ({ cells, faint }) =>
      html`<tr class="${faint === true ? 'none' : ''}">${cells.map((cell, index) => html`<td class="${classOf(columns[index] ?? { title: '' })}">${cell}</td>`)}</tr>`,
  )}</tbody>
</table></div>`;

/** Names of things beside what they are. */
export const facts = (pairs: readonly (readonly [string, Markup | string])[]): Markup =>
  html`<dl class="facts">${pairs.map(([what, value]) => html`<dt>${what}</dt><dd>${value}</dd>`)}</dl>`;

export const sentences = (all: readonly (Markup | string)[]): Markup =>
  html`<ul class="sentences">${all.map((each) => html`<li>${each}</li>`)}</ul>`;
