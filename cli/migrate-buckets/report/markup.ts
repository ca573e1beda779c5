/** Text that is HTML already. Only {@link html} makes it, so nothing that a bucket says can be taken for it. */
export class Markup {
  constructor(readonly text: string) {}
}

type Part = Markup | string | number | null | undefined | false | readonly Part[];

/** Control characters, and those that only turn the direction of a text, made visible: a key may hold any. */
const visible = (text: string): string =>
  text.replace(
    /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (each) => `\\u{${Number(each.codePointAt(0)).toString(16)}}`,
  );

const escaped = (text: string): string =>
  visible(text).replace(/[&<>"']/g, (each) => `&#${each.charCodeAt(0)};`);

const rendered = (part: Part): string => {
  if (part instanceof Markup) return part.text;
  if (part === null || part === undefined || part === false) return '';
  if (typeof part === 'string' || typeof part === 'number') return escaped(String(part));
  return part.map(rendered).join('');
};

/** HTML in which every value is escaped, unless it is HTML itself. Nothing is written for what is absent or false. */
export const html = (literals: TemplateStringsArray, ...parts: readonly Part[]): Markup =>
  new Markup(literals.map((literal, index) => `${literal}${rendered(parts[index])}`).join(''));

/** A name or a key: set apart from the sentence around it, whatever direction it is written in. */
export const name = (text: string): Markup => html`<bdi class="name">${text}</bdi>`;
