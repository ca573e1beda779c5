/** A claim of the demo that was put to the test in this run. */
export interface Check {
  readonly claim: string;
  readonly holds: boolean;
  /** What was seen, with its figures. */
  readonly evidence: string;
}

export interface Step {
  readonly title: string;
  /** Seconds. */
  seconds: number;
  readonly lines: string[];
  readonly checks: Check[];
  readonly facts: Record<string, unknown>;
}

/**
 * Tells the demo step by step, and keeps what was told as data. It never prints: each line goes to `tell` as
 * it is said.
 */
export class Story {
  readonly steps: Step[] = [];
  /** What the functions said of trouble: silent unless the demo fails. */
  readonly trouble: string[] = [];

  constructor(private readonly tell: (line: string) => void) {}

  /**
   * Tells one step.
   *
   * @throws whatever the step throws, after its time was taken.
   */
  async step<Result>(title: string, act: (step: Teller) => Promise<Result>): Promise<Result> {
    const step: Step = { title, seconds: 0, lines: [], checks: [], facts: {} };
    this.steps.push(step);
    this.tell(`\n${this.steps.length}. ${title}`);
    const started = performance.now();
    try {
      return await act(new Teller(step, this.tell));
    } finally {
      step.seconds = Math.round(performance.now() - started) / 1000;
    }
  }

  /** Keeps a function's log line if it is a warning, an error or no structured line at all. */
  overhear(name: string, line: string): void {
    if (!/"level":"(?:INFO|DEBUG)"|"_aws"/.test(line)) this.trouble.push(`${name}: ${line}`);
  }

  get checks(): readonly Check[] {
    return this.steps.flatMap(({ checks }) => checks);
  }

  /** Whether anything was checked and all of it held. */
  get holds(): boolean {
    return this.checks.length > 0 && this.checks.every(({ holds }) => holds);
  }
}

/** What a step tells while it goes on. */
export class Teller {
  constructor(
    private readonly step: Step,
    private readonly tell: (line: string) => void,
  ) {}

  say(line: string): void {
    this.step.lines.push(line);
    this.tell(`   ${line}`);
  }

  /** Keeps figures for the report. */
  fact(name: string, value: unknown): void {
    this.step.facts[name] = value;
  }

  check(claim: string, holds: boolean, evidence: string): void {
    this.step.checks.push({ claim, holds, evidence });
    this.tell(`   ${holds ? '✓' : '✗'} ${claim}: ${evidence}`);
  }
}
