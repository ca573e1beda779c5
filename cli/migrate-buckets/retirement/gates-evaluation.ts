import type { Gate, Inventory, Retirement } from '../../../contracts/migrate-buckets/retirement';

/** What an operator must know before he is asked. */
export interface GatesEvaluation {
  readonly source: string;
  readonly destination: string;
  readonly gates: Gate[];
  /** Whether every gate holds. */
  readonly passed: boolean;
  /** What of the verified the source holds; null when nothing was verified. */
  readonly inventory: Inventory | null;
  readonly versioned: boolean;
}

/** What came of it. */
export interface PlanRetirement extends GatesEvaluation {
  /** Whether it was retired by an earlier run, so that nothing was left to do. */
  readonly already: boolean;
  /** Null when nothing was done: a gate fails, or only the gates were asked for. */
  readonly retired: Retirement | null;
}
