import { InOrder } from '../../../cli/shared/in-order';

/** Work that ends when it is told to. */
function work<Result>() {
  let end: (result: Result) => void = () => {};
  let fail: (error: Error) => void = () => {};
  const promise = new Promise<Result>((resolve, reject) => {
    end = resolve;
    fail = reject;
  });
  return { promise, end, fail };
}

it('hands results on in the order in which the work was given, whichever ends first', async () => {
  const taken: string[] = [];
  const inOrder = new InOrder<string>(2, (each) => void taken.push(each));
  const [first, second] = [work<string>(), work<string>()];
  await inOrder.add(() => first.promise);
  await inOrder.add(() => second.promise);
  second.end('second');
  await second.promise;
  expect(taken).toEqual([]);
  first.end('first');
  await inOrder.finish();
  expect(taken).toEqual(['first', 'second']);
});

it('holds no more than what is in flight, however much there is', async () => {
  let inFlight = 0;
  let most = 0;
  const inOrder = new InOrder<void>(3, () => {
    inFlight--;
  });
  for (let index = 0; index < 50; index++) {
    await inOrder.add(async () => {
      most = Math.max(most, ++inFlight);
    });
  }
  await inOrder.finish();
  expect({ most, inFlight }).toEqual({ most: 3, inFlight: 0 });
});

it('throws the first failure, though others ended before', async () => {
  const inOrder = new InOrder<string>(2, () => {});
  await inOrder.add(() => Promise.reject(new Error('the first')));
  await inOrder.add(async () => 'fine');
  await expect(inOrder.add(async () => 'never begun')).rejects.toThrow('the first');
  await expect(inOrder.finish()).resolves.toBeUndefined();
});
