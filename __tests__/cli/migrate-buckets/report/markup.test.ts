import { html, name } from '../../../../cli/migrate-buckets/report/markup';

const of = (value: Parameters<typeof html>[1]) => html`<p title="${value}">${value}</p>`.text;

it('escapes every value, in a text and in an attribute', () => {
  const escaped = '&#60;/script&#62;&#60;img src=x onerror=&#34;a&#38;b&#34;&#62;&#39;';
  expect(of(`</script><img src=x onerror="a&b">'`)).toBe(`<p title="${escaped}">${escaped}</p>`);
});

it('does not escape what is HTML already, nor twice', () => {
  expect(html`<b>${html`<i>${'<'}</i>`}</b>`.text).toBe('<b><i>&#60;</i></b>');
});

it('writes lists one after the other, and numbers', () => {
  expect(html`${[html`<i></i>`, ['&', 0]]}`.text).toBe('<i></i>&#38;0');
});

it.each([[null], [undefined], [false as const]])('writes nothing for %s', (value) => {
  expect(html`<b>${value}</b>`.text).toBe('<b></b>');
});

it('shows what would act on the text instead of being seen, but for line ends', () => {
  expect(html`${'a\u202eb\u0000c\u001b[31md\ne\u2028f\u2029g'}`.text).toBe(
    'a\\u{202e}b\\u{0}c\\u{1b}[31md\ne\\u{2028}f\\u{2029}g',
  );
});

it('sets a name apart from its sentence, whatever direction it is written in', () => {
  expect(html`in ${name('שלום<')}`.text).toBe('in <bdi class="name">שלום&#60;</bdi>');
});
