import { type CliHarness, startCliHarness } from '../cli-harness';
import { ENTRY } from '../entry';
import { carryOut, type RunReport } from './one-run';
import { type Scenario, scenarioOf } from './scenario';

export interface SuiteRequest {
  readonly runs: number;
  /** Of the first run; each further one has the next number. */
  readonly seed: number;
  /** Runs at a time, each with a server of its own. */
  readonly concurrency: number;
  readonly told?: (report: RunReport, scenario: Scenario) => void;
}

/** As `npm run test:faults -- --json` prints it. */
export interface SuiteReport {
  readonly runs: number;
  readonly kills: number;
  readonly faults: number;
  readonly exit_zero_with_difference: number;
  readonly deleted_unproven: number;
  /** Runs in which somebody else's object at the destination was written over. */
  readonly overwritten: number;
  readonly hung: number;
  /** Runs that broke in another way: a crash, a stack, a migration that nothing brings to its end. */
  readonly broken: number;
  readonly seeds: {
    readonly exit_zero_with_difference: readonly number[];
    readonly deleted_unproven: readonly number[];
    readonly overwritten: readonly number[];
    readonly hung: readonly number[];
    readonly broken: readonly number[];
  };
}

/** No file may grow beyond so many KiB: a limit that needs no root, and that a full disk looks like. */
const LIMITED = ['bash', '-c', 'ulimit -f "$ROOM"; exec "$0" "$@"', process.execPath, ENTRY] as const;

const startHarness = (eventual: boolean) =>
  startCliHarness(
    {
      // Few keys a page and small parts: a few objects are many pages, and a copy in parts needs no gigabytes.
      maximumKeys: 5,
      minimumPartBytes: 1,
      history: true,
      eventualConfiguration: eventual ? { staleReads: 3, conflicts: true } : {},
    },
    { command: LIMITED },
  );

/** Carries out one scenario after another, and counts what must not be. */
export async function runSuite({ runs, seed, concurrency, told }: SuiteRequest): Promise<SuiteReport> {
  const scenarios = Array.from({ length: runs }, (_, index) => scenarioOf(seed + index));
  const reports: RunReport[] = [];
  const worker = async () => {
    const harnesses = new Map<boolean, CliHarness>();
    try {
      for (let scenario = scenarios.shift(); scenario !== undefined; scenario = scenarios.shift()) {
        const { eventual } = scenario;
        const harness = harnesses.get(eventual) ?? (await startHarness(eventual));
        harnesses.set(eventual, harness);
        const report = await carryOut(harness, scenario);
        reports.push(report);
        told?.(report, scenario);
      }
    } finally {
      await Promise.all([...harnesses.values()].map((harness) => harness.stop()));
    }
  };
  await Promise.all(Array.from({ length: Math.min(runs, concurrency) }, worker));
  return summaryOf(reports);
}

function summaryOf(reports: readonly RunReport[]): SuiteReport {
  const seedsOf = (listOf: (report: RunReport) => readonly string[]) =>
    reports
      .filter((report) => listOf(report).length > 0)
      .map(({ seed }) => seed)
      .sort((a, b) => a - b);
  const sum = (numberOf: (report: RunReport) => number) =>
    reports.reduce((total, report) => total + numberOf(report), 0);
  const seeds = {
    exit_zero_with_difference: seedsOf((report) => report.exitZeroWithDifference),
    deleted_unproven: seedsOf((report) => report.deletedUnproven),
    overwritten: seedsOf((report) => report.overwritten),
    hung: seedsOf((report) => report.hung),
    broken: seedsOf((report) => report.broken),
  };
  return {
    runs: reports.length,
    kills: sum(({ kills }) => kills),
    faults: sum(({ faults }) => faults),
    exit_zero_with_difference: seeds.exit_zero_with_difference.length,
    deleted_unproven: seeds.deleted_unproven.length,
    overwritten: seeds.overwritten.length,
    hung: seeds.hung.length,
    broken: seeds.broken.length,
    seeds,
  };
}
