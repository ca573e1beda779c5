import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { CliHarness, CliResult, RunningCli } from '../cli-harness';
import { fillBuckets } from './contents';
import {
  changedTooLate,
  deletedUnproven,
  differences,
  digestsIn,
  overwroteForeign,
  type SeenDeletions,
} from './judge';
import type { CommandName } from './random-faults';
import { type Attempt, foreignIn, type Scenario } from './scenario';

/** What became of a run. Each list has a sentence for each thing that must not be. */
export interface RunReport {
  readonly seed: number;
  kills: number;
  /** Faults that really hit a request, and what else went wrong: full disks, wrong clocks, second operators. */
  faults: number;
  readonly exitZeroWithDifference: string[];
  readonly deletedUnproven: string[];
  readonly overwritten: string[];
  readonly hung: string[];
  /** Crashes, stacks, exit codes that are not documented, and migrations that nothing brings to their end. */
  readonly broken: string[];
  /** How it ended: the exit codes of every command in order. */
  readonly codes: string[];
}

/** Milliseconds for one command: generous, so that a slow machine is not taken for a hanging program. */
const BOUND = 300_000;
/** Milliseconds for which a request is held that a kill waits for. */
const HELD = 900_000;
const DOCUMENTED = [0, 1, 3, 4, 5, 6, 7];
/** How often the way to the end is tried, each time by what the refusal before advises. */
const ROUNDS = 3;
const SHIFT_CLOCK = join(__dirname, 'shift-clock.cjs');
/** Late answers come later than this. In peace every answer is waited for, however slow the machine is. */
const IMPATIENT = ['--request-timeout', '0.3'];

type Environment = Readonly<Record<string, string>>;
type Files = { plan: string; readonly copied: string };

/** Carries one scenario out, and judges it. Nobody else may use the harness meanwhile: faults are the server's. */
export async function carryOut(harness: CliHarness, scenario: Scenario): Promise<RunReport> {
  const run = new Run(harness, scenario);
  await run.whole();
  return run.report;
}

class Run {
  readonly report: RunReport;
  readonly files: Files;
  private readonly seen: SeenDeletions = { markers: new Set(), older: new Set() };
  /** Somebody else had a hand in it, so that a refusal may be right. */
  private disturbed = false;
  /** Planned with --overwrite: what is at the destination by then may be replaced, and nothing changes after it. */
  private consented = false;

  constructor(
    private readonly harness: CliHarness,
    private readonly scenario: Scenario,
  ) {
    const { seed } = scenario;
    this.report = {
      seed,
      kills: 0,
      faults: 0,
      exitZeroWithDifference: [],
      deletedUnproven: [],
      overwritten: [],
      hung: [],
      broken: [],
      codes: [],
    };
    this.files = { plan: `plan-${seed}.json`, copied: join(`copied-${seed}`, `plan-${seed}.json`) };
  }

  async whole(): Promise<void> {
    const { harness, scenario, report } = this;
    const { buckets, contents, versioning, attempts } = scenario;
    await fillBuckets(harness.s3, buckets, contents, versioning);
    const before = await digestsIn(harness.s3, buckets.source);
    if (scenario.skew !== 0) report.faults++;
    let last: CommandName = 'plan';
    for (const attempt of attempts) {
      // A command that nothing was prepared for would only be refused.
      if (attempt.command !== last && last !== 'verify') await this.inPeace(last);
      last = attempt.command;
      // Somebody wrote to the destination before there was a plan, so it was rightly refused. The end tells the way out.
      if (last !== 'plan' && (await this.phase()) === undefined) break;
      await this.attempt(attempt);
    }
    await this.finish(before ?? new Map());
  }

  /** One command, once, with nothing going wrong. */
  private async inPeace(command: CommandName, ...more: string[]): Promise<CliResult | undefined> {
    await this.harness.admin.clearFaults();
    const [ended] = await this.judged(async () => [
      await this.finished(this.start(command, this.files.plan, {}, more)),
    ]);
    return ended;
  }

  private async attempt({ command, faults, killAt, room, second }: Attempt): Promise<void> {
    const { harness, files, report } = this;
    const { admin } = harness;
    await admin.clearFaults();
    await admin.inject(...faults);
    if (room !== undefined) report.faults++;
    if (second !== undefined) {
      report.faults++;
      this.disturbed = true;
      if (second.plan === 'copied') await this.copyPlan();
    }
    if (killAt !== undefined) await admin.inject({ ...killAt, delay: HELD });
    await this.judged(async () => {
      const environment: Environment = room === undefined ? {} : { ROOM: String(room) };
      const first = this.start(command, files.plan, environment, IMPATIENT);
      const other =
        second === undefined
          ? undefined
          : this.finished(
              this.start(second.command, second.plan === 'same' ? files.plan : files.copied, {}, IMPATIENT),
            );
      if (killAt !== undefined) await this.killOnceHeld(first, faults.length);
      const ended = [await this.finished(first), ...(other === undefined ? [] : [await other])];
      const hit = (await admin.faults()).slice(0, faults.length).filter(({ fired }) => fired > 0);
      report.faults += hit.length;
      if (hit.some(({ fault }) => fault.mutate !== undefined)) this.disturbed = true;
      return ended;
    });
  }

  private async copyPlan(): Promise<void> {
    const { folder } = this.harness;
    await mkdir(join(folder, `copied-${this.scenario.seed}`), { recursive: true });
    for (const end of ['.json', '.manifest.ndjson']) {
      const [from, to] = [this.files.plan, this.files.copied].map((file) => file.replace(/\.json$/, end));
      await cp(join(folder, from ?? ''), join(folder, to ?? '')).catch(() => undefined);
    }
  }

  private async killOnceHeld({ child }: RunningCli, index: number): Promise<void> {
    const { admin } = this.harness;
    while (child.exitCode === null) {
      const state = (await admin.faults())[index];
      if (state !== undefined && state.fired > 0) {
        if (child.kill('SIGKILL')) this.report.kills++;
        return;
      }
      await setTimeout(10);
    }
  }

  private start(
    command: CommandName | 'unfreeze',
    plan: string,
    environment: Environment = {},
    more: readonly string[] = [],
  ): RunningCli {
    const { buckets, skew, contents, retire } = this.scenario;
    const { source, destination, other } = buckets;
    const stranded = contents.stranded ? ['--bucket', other, '--include-stranded'] : [];
    const args = {
      plan: ['--source', source, '--dest', destination, '--bucket', source, ...stranded, '--out', plan],
      apply: [plan, '--confirm', source, '--settle', '0'],
      verify: [plan],
      retire: [
        ...[plan, '--confirm', source, '--soak', '0', '--accept-unchecked', 'state', '--accept-idle'],
        ...retire,
      ],
      unfreeze: [plan],
    }[command];
    const clock: Environment =
      skew === 0 ? {} : { NODE_OPTIONS: `--require ${SHIFT_CLOCK}`, CLOCK_SKEW_MINUTES: String(skew) };
    const all = [command, ...args, ...more, '--json'];
    return this.harness.start(all, { ROOM: 'unlimited', ...clock, ...environment });
  }

  /** How it ended; a process that does not end is killed, and counts as hung. */
  private async finished({ child, done }: RunningCli): Promise<CliResult> {
    const command = child.spawnargs.slice(-30).join(' ');
    const bound = new AbortController();
    const late = setTimeout(BOUND, 'late' as const, { signal: bound.signal }).catch(() => 'ended' as const);
    if ((await Promise.race([done, late])) === 'late') {
      this.report.hung.push(`It did not end within ${BOUND / 1000} s: ${command}`);
      child.kill('SIGKILL');
    }
    bound.abort();
    const ended = await done;
    this.inspect(ended, child.signalCode);
    return ended;
  }

  private inspect({ code, stdout, stderr, events }: CliResult, signal: NodeJS.Signals | null): void {
    this.report.codes.push(String(code ?? signal));
    if (signal === 'SIGKILL') return;
    const { event, message } = events.at(-1) ?? {};
    const told = typeof message === 'string' ? message : '';
    if (code === null || !DOCUMENTED.includes(code)) {
      this.report.broken.push(`It ended with ${code ?? signal}: ${stderr}${stdout.slice(-2000)}`);
    } else if (event === 'bug' || stderr !== '') {
      this.report.broken.push(`It blamed itself: ${told}${stderr}`);
    } else if (event === 'error' && !/^\S.*[.!]$/s.test(told)) {
      this.report.broken.push(`What it said is not a sentence: ${told}`);
    }
  }

  /** Lets a command run, and holds what it did against what it said. */
  private async judged(act: () => Promise<readonly CliResult[]>): Promise<readonly CliResult[]> {
    const { admin, s3 } = this.harness;
    const { buckets } = this.scenario;
    await admin.clearHistory();
    const ended = await act();
    const history = await admin.history();
    this.report.deletedUnproven.push(...deletedUnproven(history, buckets, this.seen));
    if (!this.consented) {
      this.report.overwritten.push(...overwroteForeign(history, buckets, foreignIn(this.scenario)));
    }
    const satisfied = ended
      .filter(({ code }) => code === 0)
      .map(({ events }) => events.at(-1)?.command)
      .filter((command) => command === 'apply' || command === 'verify');
    if (satisfied.length > 0) {
      // The judge is not to be stopped by the faults.
      await admin.clearFaults();
      const excused = changedTooLate(history, buckets);
      const differing = (await differences(s3, buckets)).filter((key) => !excused.has(key));
      if (differing.length > 0) {
        const complaint = `${satisfied.join(' and ')} ended with 0, and these differ: ${differing.join(', ')}`;
        this.report.exitZeroWithDifference.push(complaint);
      }
    }
    return ended;
  }

  /** Once nothing goes wrong any more, the same commands bring it to its end, unless somebody else rightly prevents it. */
  private async finish(before: ReadonlyMap<string, string>): Promise<void> {
    const { report, scenario, harness } = this;
    let ended = await this.toTheEnd();
    for (let round = 1; this.disturbed && ended?.code !== 0 && round < ROUNDS; round++) {
      if ((await this.phase()) !== undefined) await this.inPeaceUnfrozen();
      // The way out that is told once a retirement has begun: a new plan, of what is left.
      this.files.plan = `plan-${scenario.seed}-${round}.json`;
      this.consented = true;
      ended = await this.toTheEnd('--overwrite');
    }
    if (ended?.code !== 0) {
      const { message, gates } = ended?.events.at(-1) ?? {};
      const failing = JSON.stringify(gates ?? []);
      report.broken.push(
        `Nothing brings it to its end: ${ended?.code} ${String(message)} ${failing.slice(0, 3000)}`,
      );
    } else if (!this.disturbed) {
      const there = await digestsIn(harness.s3, scenario.buckets.destination);
      const missing = [...before].filter(([key, digest]) => there?.get(key) !== digest);
      for (const [key] of missing)
        report.exitZeroWithDifference.push(`${key} is not at the destination at the end.`);
    }
  }

  private async inPeaceUnfrozen(): Promise<void> {
    await this.harness.admin.clearFaults();
    await this.judged(async () => [await this.finished(this.start('unfreeze', this.files.plan))]);
  }

  /** The end of the retirement, or how the first command ended that did not succeed. */
  private async toTheEnd(...planning: string[]): Promise<CliResult | undefined> {
    const phase = await this.phase();
    if (phase === undefined || planning.length > 0) {
      const planned = await this.inPeace('plan', ...planning);
      if (planned?.code !== 0) return planned;
    }
    if (phase !== 'retiring' && phase !== 'retired') {
      for (const command of ['apply', 'verify'] as const) {
        const ended = await this.inPeace(command);
        if (ended?.code !== 0) return ended;
      }
    }
    return this.inPeace('retire');
  }

  /** Of the migration, as its files tell; undefined before there is a plan. */
  private async phase(): Promise<unknown> {
    const { harness, files } = this;
    const plan = await harness.read(files.plan).catch(() => undefined);
    if (plan === undefined) return undefined;
    const state = await harness.read(files.plan.replace('.json', '.state.json')).catch(() => undefined);
    return state === undefined ? 'planned' : JSON.parse(state).phase;
  }
}
