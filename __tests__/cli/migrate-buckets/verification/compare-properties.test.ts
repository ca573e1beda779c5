import {
  compareProperties,
  type Properties,
} from '../../../../cli/migrate-buckets/verification/compare-properties';

describe('the properties of a copy', () => {
  const properties = (changes: Partial<Properties> = {}): Properties => ({
    headers: { 'Content-Type': 'application/gzip', 'Cache-Control': undefined },
    metadata: { run: 'a' },
    tags: { kind: 'delta' },
    ...changes,
  });
  const compare = (changes: Partial<Properties>) => compareProperties(properties(), properties(changes));
  const but = (what: string) => `Its content is the same at the destination, but not its ${what}.`;

  it('are those of the source', () => {
    expect(compare({})).toBeUndefined();
  });

  it.each<[string, Partial<Properties>]>([
    ['Content-Type', { headers: { 'Content-Type': 'text/plain' } }],
    ['Content-Type', { headers: {} }],
    ['Cache-Control', { headers: { 'Content-Type': 'application/gzip', 'Cache-Control': 'no-store' } }],
    ['metadata run', { metadata: { run: 'b' } }],
    ['metadata run', { metadata: {} }],
    ['metadata more', { metadata: { run: 'a', more: 'b' } }],
    ['tag kind', { tags: { kind: 'snapshot' } }],
    ['tag kind', { tags: {} }],
  ])('differ in %s, and say so', (what, changes) => {
    expect(compare(changes)).toBe(but(what));
  });

  it('may differ in many things, which are all named', () => {
    expect(compare({ headers: {}, metadata: {}, tags: {} })).toBe(
      but('Content-Type, metadata run, tag kind'),
    );
  });

  it('A5: need not have the tags that it was made without, and must have the others', () => {
    const source = properties({ tags: { kind: 'delta', covered: 'true' } });
    expect(compareProperties(source, properties(), ['covered'])).toBeUndefined();
    expect(compareProperties(source, properties(), ['another'])).toBe(but('tag covered'));
    expect(compareProperties(source, properties({ tags: {} }), ['covered'])).toBe(but('tag kind'));
  });

  it('may have more tags: the pipeline tags deltas that a snapshot covers', () => {
    expect(compare({ tags: { kind: 'delta', 'covered-by-snapshot': 'true' } })).toBeUndefined();
  });
});
