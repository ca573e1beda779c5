import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { equivalentsOf, type Measured, scoreOf } from './figures';
import { digestOf, modules, ROOT } from './modules';

const PAGE = join(ROOT, 'docs', 'mutation.md');

const HEAD = `# Mutation testing

\`npm run mutate\` changes each of these modules, which decide what is safe, in every way that Stryker knows, one
change at a time. The module's own test must notice. At least 90 % must be noticed in each module, and each of the
others is explained below. Written by that command: do not edit.

| module | mutants | noticed | equivalent | of |
|---|---|---|---|---|
`;
const EXPLAINED = `
"of" is a digest of the module and of its test: \`npm run mutate -- --changed\` runs the modules for which it differs.

## What no test can notice
`;

const rowOf = (module: string, mutants: number, survivors: Measured['survivors']): string =>
  `| \`${module}\` | ${mutants} | ${scoreOf({ mutants, survivors }).toFixed(1)} % | ${survivors.length} | ${digestOf(module)} |`;

/** The page's row of each module that was measured before. */
function knownRows(): ReadonlyMap<string, string> {
  const text = existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : '';
  const rows = [...text.matchAll(/^\| `(.+?)` .*$/gm)];
  return new Map(rows.map(([row, module = '']) => [module, row]));
}

/** Whether the page's figures were measured with the module and the test as they are now. */
export const isMeasured = (module: string): boolean =>
  knownRows()
    .get(module)
    ?.endsWith(`| ${digestOf(module)} |`) === true;

/** Writes the page anew: what was measured now, and what it knew of the other modules. */
export function writePage(measured: readonly Measured[]): void {
  const fresh = measured.map(
    ({ module, mutants, survivors }) => [module, rowOf(module, mutants, survivors)] as const,
  );
  const rows = new Map([...knownRows(), ...fresh]);
  const explained = modules.filter((module) => equivalentsOf(module).length > 0).map(explanation);
  const table = modules.flatMap((module) => rows.get(module) ?? []).join('\n');
  writeFileSync(PAGE, `${HEAD}${table}\n${EXPLAINED}${explained.join('')}`);
}

const explanation = (module: string): string =>
  `\n### \`${module}\`\n\n${equivalentsOf(module)
    .map(({ line, mutant, reason }) => `${reason}\n\n\`\`\`diff\n- ${line}\n+ ${mutant}\n\`\`\`\n`)
    .join('\n')}`;
