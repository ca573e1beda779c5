/** Begins a task when it is its turn. */
export type Limited = <Result>(task: () => Promise<Result>) => Promise<Result>;

/** Lets at most so many tasks run at once; the others wait in the order in which they came. */
export function limited(most: number): Limited {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (task) => {
    if (running < most) running += 1;
    // Whoever ends hands its place on, so that nobody who comes meanwhile takes it.
    else await new Promise<void>((begin) => waiting.push(begin));
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
