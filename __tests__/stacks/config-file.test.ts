import { parseConfigFile } from '../../stacks/config-file';

const read = (text: string) => parseConfigFile(text, 'config/dev.json');

it('is read with a byte order mark, and with equal keys in different places', () => {
  expect(read('\uFEFF{"a":{"x":1},"b":{"x":2},"c":[{"x":3},{"x":4}]}')).toEqual({
    a: { x: 1 },
    b: { x: 2 },
    c: [{ x: 3 }, { x: 4 }],
  });
});

it('is refused with each key that stands twice, by its path and line', () => {
  expect(() => read('{"a":1,\n"b":{"x":1,\n"x":2},"a":2}')).toThrow(
    /^config\/dev.json is not usable:\n {2}- b.x stands there twice, the second time in line 3; remove one of them.\n {2}- a /,
  );
});

it('is refused where it is not JSON', () => {
  expect(() => read('{"a":1,}')).toThrow(/^config\/dev.json is not JSON: .*Correct it/);
});
