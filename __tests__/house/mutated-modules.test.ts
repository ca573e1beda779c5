import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import equivalents from '../../scripts/mutation/equivalents.json';
import { equivalentsOf } from '../../scripts/mutation/figures';
import { modules, ROOT, testOf } from '../../scripts/mutation/modules';

it('mutates every guard', () => {
  // The tables in stacks/guards/reviewed are values, each of which the suite of planted changes changes.
  const files = readdirSync(join(ROOT, 'stacks/guards')).filter((file) => file.endsWith('.ts'));
  const guards = files.map((file) => `stacks/guards/${file}`);
  // The one says what a guard is, the other lists them: every-guard.test.ts shows that each of them is run.
  const others = ['stacks/guards/guard.ts', 'stacks/guards/index.ts'];
  expect(modules).toEqual(expect.arrayContaining(guards.filter((guard) => !others.includes(guard))));
});

it.each(modules)('mutates %s, which has a test of its own', (module) => {
  expect(existsSync(join(ROOT, module))).toBe(true);
  expect(existsSync(join(ROOT, testOf(module)))).toBe(true);
});

it('explains changes of mutated modules only, each with a reason', () => {
  expect(modules.flatMap(equivalentsOf)).toHaveLength(equivalents.length);
  for (const { reason } of equivalents) expect(reason).toMatch(/^[A-Z].*\.$/);
});
