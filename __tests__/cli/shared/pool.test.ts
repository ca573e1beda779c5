import { setImmediate } from 'node:timers/promises';
import { Pool } from '../../../cli/shared/pool';

it('runs so many side by side and no more, and is done when all are', async () => {
  const pool = new Pool(3);
  let running = 0;
  let done = 0;
  const most: number[] = [];
  for (let number = 0; number < 10; number++) {
    await pool.add(async () => {
      most.push(++running);
      await setImmediate();
      running--;
      done++;
    });
  }
  await pool.finish();
  expect([Math.max(...most), done]).toEqual([3, 10]);
});

it('begins none after one that failed, and throws what the first threw, when asked and at the end', async () => {
  const pool = new Pool(1);
  const begun: string[] = [];
  const failing = (name: string) => async () => {
    begun.push(name);
    throw new Error(name);
  };
  await pool.add(failing('first'));
  await pool.idle();
  await expect(pool.add(failing('second'))).rejects.toThrow('first');
  await expect(pool.finish()).rejects.toThrow('first');
  expect(begun).toEqual(['first']);
});
