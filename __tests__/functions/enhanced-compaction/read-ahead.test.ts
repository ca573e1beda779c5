import { readAhead } from '../../../functions/enhanced-compaction/read-ahead';

async function* noted(items: readonly number[], said: string[], failing?: number) {
  const results = readAhead(items, async (item) => {
    said.push(`begin ${item}`);
    if (item === failing) throw new Error(`${item} cannot be read`);
    return 10 * item;
  });
  for await (const result of results) {
    said.push(`work on ${result}`);
    yield result;
  }
}

const all = async (results: AsyncIterable<number>) => {
  const list: number[] = [];
  for await (const result of results) list.push(result);
  return list;
};

it('gives the results in order, and begins the next before the one before is worked on', async () => {
  const said: string[] = [];
  expect(await all(noted([1, 2, 3], said))).toEqual([10, 20, 30]);
  expect(said).toEqual(['begin 1', 'begin 2', 'work on 10', 'begin 3', 'work on 20', 'work on 30']);
});

it('begins no more than one that is not asked for', async () => {
  const said: string[] = [];
  for await (const _ of noted([1, 2, 3, 4], said)) break;
  expect(said).toEqual(['begin 1', 'begin 2', 'work on 10']);
});

it('throws what went wrong where it is asked for, after what came before', async () => {
  const said: string[] = [];
  await expect(all(noted([1, 2], said, 2))).rejects.toThrow('2 cannot be read');
  expect(said).toContain('work on 10');
  for await (const _ of noted([1, 2], said, 2)) break;
});

it('gives nothing of nothing', async () => {
  expect(await all(noted([], []))).toEqual([]);
});
