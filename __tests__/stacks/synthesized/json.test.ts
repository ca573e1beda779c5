import { at, block, blocks, parseJson, texts } from '../../../stacks/synthesized/json';

describe('blocks', () => {
  it.each([
    [{ a: 1 }, [{ a: 1 }]],
    [
      [{ a: 1 }, { b: 2 }],
      [{ a: 1 }, { b: 2 }],
    ],
    [
      [[{ a: 1 }], [[{ b: 2 }]]],
      [{ a: 1 }, { b: 2 }],
    ],
    [['text', null, 7, { a: 1 }], [{ a: 1 }]],
    ['text', []],
    [null, []],
    [undefined, []],
  ])('of %j are %j', (value, expected) => {
    expect(blocks(value)).toEqual(expected);
  });

  it('give the first as the only one, or an empty one', () => {
    expect(block([{ a: 1 }, { b: 2 }])).toEqual({ a: 1 });
    expect(block(undefined)).toEqual({});
  });
});

it.each([
  ['one', ['one']],
  [
    ['one', 2, 'three'],
    ['one', 'three'],
  ],
  [undefined, []],
])('texts of %j are %j', (value, expected) => {
  expect(texts(value)).toEqual(expected);
});

it.each([
  ['{"a":1}', { a: 1 }],
  ['[1]', undefined],
  ['null', undefined],
  ['7', undefined],
  ['not JSON', undefined],
  [{ a: 1 }, undefined],
  [['{"a":1}'], undefined],
])('JSON in %j is %j', (value, expected) => {
  expect(parseJson(value)).toEqual(expected);
});

it.each([
  [{ a: { b: 1 } }, 'a.b', 1],
  [[{ a: [{ b: [{ c: 1 }] }] }], 'a.b.c', 1],
  [{ a: 1 }, 'a', 1],
  [{ a: 1 }, 'a.b', undefined],
  [{}, 'a.b', undefined],
  [undefined, 'a', undefined],
])('in %j, at %s stands %j', (value, path, expected) => {
  expect(at(value, path)).toEqual(expected);
});
