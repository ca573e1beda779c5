import { compareIndexes } from '../../../../cli/migrate-buckets/snapshots/vector-index';

describe('the vector indexes of a snapshot', () => {
  const segment = (indexed: number, id = 'a') => ({ id, collection: 'lines', indexed });
  const header = ({ version = 1, room = 2048, elements = 1500, elementSize = 152, length = 100 } = {}) => {
    const file = Buffer.alloc(100);
    file.writeInt32LE(version, 0);
    file.writeBigUInt64LE(BigInt(room), 12);
    file.writeBigUInt64LE(BigInt(elements), 20);
    file.writeBigUInt64LE(BigInt(elementSize), 28);
    return Buffer.concat([file, Buffer.alloc(Math.max(0, length - 100))]).subarray(0, length);
  };
  const directory = (file?: Buffer, { level0 = 1500 * 152, lengths = 1500 * 4 } = {}) => ({
    headers: new Map(file === undefined ? [] : [['a', file]]),
    sizes: new Map([
      ['a/data_level0.bin', level0],
      ['a/length.bin', lengths],
    ]),
  });
  const damaged = { disagreement: 'the vector index of lines has a damaged header' };

  it('agree when each holds as many elements as it must, or more: deleted ones stay in it', () => {
    expect(compareIndexes([segment(1500)], directory(header()))).toEqual({ elements: 1500 });
    expect(compareIndexes([segment(0)], directory(header()))).toEqual({ elements: 1500 });
  });

  it('disagree when one lacks elements', () => {
    expect(compareIndexes([segment(1501)], directory(header()))).toEqual({
      disagreement: 'the vector index of lines holds 1500 elements, and 1501 records must be in it',
    });
  });

  it('may be missing only as long as the log has every vector', () => {
    expect(compareIndexes([segment(0)], directory())).toEqual({ elements: 0 });
    expect(compareIndexes([segment(1)], directory())).toEqual({
      disagreement: 'lines has 1 record whose vector index is missing',
    });
    expect(compareIndexes([segment(2)], directory())).toEqual({
      disagreement: 'lines has 2 records whose vector index is missing',
    });
    expect(compareIndexes([], directory())).toEqual({ elements: 0 });
  });

  it('are counted together, and the first that disagrees is told', () => {
    const headers = new Map([
      ['a', header({ elements: 2 })],
      ['b', header({ elements: 3 })],
    ]);
    const sizes = new Map(
      ['a', 'b'].flatMap((id) => [
        [`${id}/data_level0.bin`, 3 * 152] as const,
        [`${id}/length.bin`, 3 * 4] as const,
      ]),
    );
    expect(compareIndexes([segment(2, 'a'), segment(3, 'b')], { headers, sizes })).toEqual({ elements: 5 });
    expect(compareIndexes([segment(2, 'a'), segment(4, 'b')], { headers, sizes })).toMatchObject({
      disagreement: expect.stringContaining('holds 3 elements'),
    });
    expect(compareIndexes([segment(0, 'none'), segment(3, 'b')], { headers, sizes })).toEqual({
      elements: 3,
    });
  });

  it.each([
    ['is shorter than a header', { length: 99 }],
    ['is longer than a header', { length: 101 }],
    ['is of another format', { version: 2 }],
    ['has more elements than room', { room: 1499 }],
    ['has elements of no size', { elementSize: 0 }],
  ])('disagree when a header %s', (_what, changes) => {
    expect(compareIndexes([segment(0)], directory(header(changes)))).toEqual(damaged);
  });

  it('may be full', () => {
    expect(compareIndexes([segment(0)], directory(header({ room: 1500 })))).toEqual({ elements: 1500 });
  });

  it.each([
    ['data_level0.bin', { level0: 1500 * 152 - 1 }, '227999'],
    ['length.bin', { lengths: 1500 * 4 - 1 }, '5999'],
  ])('disagree when %s is cut short', (name, sizes, bytes) => {
    expect(compareIndexes([segment(0)], directory(header(), sizes))).toEqual({
      disagreement: `${name} of lines has ${bytes} bytes, too few for 1500 elements`,
    });
    expect(compareIndexes([segment(0)], { ...directory(header()), sizes: new Map() })).toMatchObject({
      disagreement: 'data_level0.bin of lines has 0 bytes, too few for 1500 elements',
    });
  });
});
