import { PageOrder } from '../../../../cli/migrate-buckets/listing/page-order';

describe('B11: the pages of a listing', () => {
  const objects = () => new PageOrder('some-bucket');
  const versions = () => new PageOrder("some-bucket's versions", true);

  it('go on by their marker until one says that it is the last', () => {
    const order = objects();
    order.check(['a', 'b']);
    expect(order.next(true, 'one')).toBe('one');
    order.check([]);
    expect(order.next(true, 'two')).toBe('two');
    order.check(['c']);
    expect(order.next(false, undefined)).toBeUndefined();
    expect(order.next(false, 'a marker all the same')).toBeUndefined();
  });

  it('go on by their marker where a page does not say whether it is the last', () => {
    expect(objects().next(undefined, 'one')).toBe('one');
  });

  it('are refused where one says neither whether nor where there is more', () => {
    expect(() => objects().next(undefined, undefined)).toThrow(
      'The listing of some-bucket may be cut short: S3 did not say whether there is more.',
    );
    expect(() => objects().next(true, undefined)).toThrow(
      'The listing of some-bucket broke off: S3 said that there is more but not where.',
    );
  });

  it('are refused where one leads back to where the listing was', () => {
    const order = objects();
    order.next(true, 'one');
    order.next(true, 'two');
    expect(() => order.next(true, 'one')).toThrow('The listing of some-bucket goes round in circles');
    const silent = objects();
    silent.next(undefined, 'one');
    expect(() => silent.next(undefined, 'one')).toThrow('goes round in circles');
  });

  it('are refused where empty ones lead round in circles after some keys', () => {
    const order = objects();
    order.check(['a']);
    order.next(true, 'more');
    order.check([]);
    expect(() => order.next(true, 'more')).toThrow('goes round in circles');
  });

  it('may use a marker again once the keys went on', () => {
    const order = objects();
    order.check(['a']);
    order.next(true, 'more');
    order.check(['b']);
    expect(order.next(true, 'more')).toBe('more');
  });

  it('are refused where the versions of one key come again and again', () => {
    const order = versions();
    order.check(['a', 'a']);
    order.next(true, 'second half of a');
    order.check(['a']);
    expect(() => order.next(true, 'second half of a')).toThrow(
      "The listing of some-bucket's versions goes round in circles",
    );
  });

  it.each([
    ['come again', ['a', 'b'], ['a', 'b']],
    ['begin with the last key again', ['a', 'b'], ['b', 'c']],
    ['go back', ['b'], ['a']],
    ['are out of order within a page', ['b', 'a'], []],
    ['are in the order of JavaScript', ['\u{1F600}', '\uFF5E'], []],
  ])('are refused where keys %s', (_what, first, second) => {
    const order = objects();
    expect(() => {
      order.check(first);
      order.check(second);
    }).toThrow(/^The listing of some-bucket is not in key order \(".+" came after ".+"\)/);
  });

  it('may hold a key twice only where it has versions', () => {
    const order = versions();
    order.check(['a', 'b', 'b']);
    order.check(['b', 'c']);
    expect(() => order.check(['b'])).toThrow('("b" came after "c")');
  });
});
