import fc from 'fast-check';
import { parseExactly, stringifyExactly } from '../../../functions/shared/written-numbers';

it.each(['1', '-1', '0.25', '1e-7', '9007199254740991', '0'])('%s is the number that it is', (text) => {
  expect(parseExactly(text)).toBe(Number(text));
});

it.each(['1.0', '-0.0', '1e3', '1E+3', '9007199254740993', '2.50'])('%s stays as it was written', (text) => {
  expect(parseExactly(`[${text},{"a":${text}}]`)).toEqual([{ '#number': text }, { a: { '#number': text } }]);
  expect(stringifyExactly(parseExactly(`{"a":[${text}]}`))).toBe(`{"a":[${text}]}`);
});

it.each(['1.0', 'a "1.0" b', '\\', '\\"1.0', '{"#number":"1.0"}', '{"#number":', '"#number":"1.0"}'])(
  'the text %j is passed over',
  (text) => {
    const json = JSON.stringify({ [text]: [text, text], '1.0': text });
    expect(parseExactly(json)).toEqual(JSON.parse(json));
    expect(stringifyExactly(JSON.parse(json))).toBe(json);
  },
);

it('any JSON comes back as it was', () => {
  fc.assert(
    fc.property(fc.jsonValue({ depthSize: 'medium' }), (value) => {
      const json = JSON.stringify(value);
      expect(stringifyExactly(parseExactly(json))).toBe(json);
    }),
  );
});
