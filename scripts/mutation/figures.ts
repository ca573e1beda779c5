import equivalents from './equivalents.json';

/** At least so many of a hundred mutants must be noticed, in each module. */
const LEAST = 90;

/** A change that no test noticed: the line as it is, and as it was mutated. */
export interface Survivor {
  readonly line: string;
  readonly mutant: string;
}

/** What a mutation run found of one module. */
export interface Measured {
  readonly module: string;
  readonly mutants: number;
  readonly survivors: readonly Survivor[];
  readonly seconds: number;
}

interface Equivalent extends Survivor {
  readonly module: string;
  /** Why no test can, or should, notice the change. */
  readonly reason: string;
}

export const equivalentsOf = (module: string): readonly Equivalent[] =>
  (equivalents as Equivalent[]).filter((each) => each.module === module);

const isSame = (a: Survivor, b: Survivor) => a.line === b.line && a.mutant === b.mutant;

/** Percent of the mutants that the module's test noticed; a module in which nothing was changed shows nothing. */
export const scoreOf = ({ mutants, survivors }: Pick<Measured, 'mutants' | 'survivors'>): number =>
  mutants === 0 ? 0 : (100 * (mutants - survivors.length)) / mutants;

const unexplained = ({ module, survivors }: Measured) =>
  survivors.filter((survivor) => !equivalentsOf(module).some((known) => isSame(known, survivor)));
const outdated = ({ module, survivors }: Measured) =>
  equivalentsOf(module).filter((known) => !survivors.some((survivor) => isSame(known, survivor)));

export const passes = (measured: Measured): boolean =>
  scoreOf(measured) >= LEAST && unexplained(measured).length === 0 && outdated(measured).length === 0;

/** What is to be said of a module, and what to do about it. */
export function verdict(measured: Measured): string {
  const { module, mutants, seconds } = measured;
  const score = scoreOf(measured);
  return [
    `${passes(measured) ? 'ok  ' : 'FAIL'} ${score.toFixed(1).padStart(5)} % of ${mutants} in ${module} (${seconds} s)`,
    ...(score < LEAST ? [`     fewer than ${LEAST} %`] : []),
    ...unexplained(measured).map(
      ({ line, mutant }) => `     nobody noticed\n       ${line}\n       ${mutant}`,
    ),
    ...outdated(measured).map(
      ({ mutant }) => `     equivalents.json explains what is noticed, or gone\n       ${mutant}`,
    ),
  ].join('\n');
}
