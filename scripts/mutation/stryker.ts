import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Measured, Survivor } from './figures';
import { ROOT } from './modules';

interface Position {
  readonly line: number;
  readonly column: number;
}

/** Of Stryker's report, what is read here. */
interface Report {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>>;
}
interface Mutant {
  readonly status: 'Killed' | 'Timeout' | 'Survived' | 'NoCoverage' | 'RuntimeError';
  readonly replacement: string;
  readonly location: { readonly start: Position; readonly end: Position };
}

/**
 * Runs Stryker for one module.
 *
 * @throws {Error} when the module's test does not even pass without a mutation, with what Stryker said.
 */
export async function mutate(module: string): Promise<Measured> {
  const started = performance.now();
  const child = spawn('npx', ['stryker', 'run', 'stryker.config.cjs'], {
    cwd: ROOT,
    env: { ...process.env, MUTATED_MODULE: module },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`Stryker ended with ${code} for ${module}:\n${said}`);
  const path = join(ROOT, '.cache', 'mutation', module.replaceAll('/', '_'), 'report.json');
  const report = JSON.parse(await readFile(path, 'utf8')) as Report;
  const { source = '', mutants: made = [] } = report.files[module] ?? {};
  // A mutant that cannot run at all says nothing of the tests.
  const mutants = made.filter(({ status }) => status !== 'RuntimeError');
  return {
    module,
    mutants: mutants.length,
    survivors: mutants
      .filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
      .map((mutant) => survivorOf(mutant, source.split('\n'))),
    seconds: Math.round((performance.now() - started) / 1000),
  };
}

function survivorOf({ replacement, location: { start, end } }: Mutant, lines: readonly string[]): Survivor {
  const whole = lines.slice(start.line - 1, end.line);
  const before = lines[start.line - 1]?.slice(0, start.column - 1) ?? '';
  const after = lines[end.line - 1]?.slice(end.column - 1) ?? '';
  return { line: onOneLine(whole.join(' ')), mutant: onOneLine(`${before}${replacement}${after}`) };
}

const onOneLine = (text: string) => text.replace(/\s+/g, ' ').trim();
