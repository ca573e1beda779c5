import { setTimeout } from 'node:timers/promises';

/**
 * Calls `probe` until it gives something other than undefined or false: what a test waits for instead of
 * sleeping. The bound only keeps a broken test from hanging.
 *
 * @throws {Error} when nothing came within `withinMs`, naming what was waited for.
 */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  withinMs = 300_000,
): Promise<T> {
  const end = Date.now() + withinMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error(`Waited ${withinMs} ms in vain for: ${what}`);
    await setTimeout(25);
  }
}
