import fc from 'fast-check';
import { groupByKey, mergeByKey } from '../../../../cli/migrate-buckets/listing/merge-by-key';
import { bytewise, gather, stream } from '../arbitrary-listings';

const keys = fc.array(fc.string({ unit: 'binary', maxLength: 4 }));
const inOrder = (some: readonly string[]) => some.toSorted(bytewise).map((key, index) => ({ key, index }));

it('groups what follows each other under one key, losing and reordering nothing', async () => {
  await fc.assert(
    fc.asyncProperty(keys, async (some) => {
      const items = inOrder([...some, ...some]);
      const groups = await gather(groupByKey(stream(items), 'The list'));
      expect(groups.flatMap((group) => group.items)).toEqual(items);
      expect(groups.map(({ key }) => key)).toEqual([...new Set(some)].toSorted(bytewise));
      for (const group of groups) for (const { key } of group.items) expect(key).toBe(group.key);
    }),
  );
});

it('refuses keys that are not in order, and says which', async () => {
  const items = ['b', 'b', 'a'].map((key) => ({ key }));
  await expect(gather(groupByKey(stream(items), 'The list'))).rejects.toThrow(
    'The list is not in key order ("a" came after "b"), so nothing can be concluded from it.',
  );
});

it('merges two sides by their keys, each item once', async () => {
  await fc.assert(
    fc.asyncProperty(keys, keys, async (some, others) => {
      const [a, b] = [some, others].map((each) => inOrder([...new Set(each)]));
      const merged = await gather(mergeByKey(stream(a ?? []), stream(b ?? [])));
      expect(merged.flatMap(({ left }) => left ?? [])).toEqual(a);
      expect(merged.flatMap(({ right }) => right ?? [])).toEqual(b);
      expect(merged.map(({ key }) => key)).toEqual([...new Set([...some, ...others])].toSorted(bytewise));
      for (const { key, left, right } of merged) {
        expect([left?.key ?? key, right?.key ?? key]).toEqual([key, key]);
      }
    }),
  );
});

it.each([true, false])(
  'lets both sides close what they hold when nobody reads on, failing: %p',
  async (fails) => {
    const closed: string[] = [];
    async function* side(name: string) {
      try {
        for (const key of ['a', 'b', 'c']) yield { key };
        if (fails) throw new Error('It broke off.');
      } finally {
        closed.push(name);
      }
    }
    const read = async () => {
      for await (const { key } of mergeByKey(side('left'), side('right'))) if (key === 'b' && !fails) break;
    };
    if (fails) await expect(read()).rejects.toThrow('It broke off.');
    else await read();
    expect(closed.toSorted()).toEqual(['left', 'right']);
  },
);
