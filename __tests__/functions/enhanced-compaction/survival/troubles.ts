import { setTimeout as delay } from 'node:timers/promises';
import type { ProxiedRequest, ProxyFault } from '../../../support/faulty-proxy';
import { type Moment, momentKind, SERVICES, type Service } from './moments';
import type { Sandbox } from './sandbox';
import type { Arrival, Damage, Trouble } from './storm';

/** What a trouble does, and what came of it. */
export interface TroubleMakers {
  readonly sandboxes: readonly Sandbox[];
  /** Ends the Chroma that a sandbox works on. Returns how many it ended. */
  readonly killChroma: (of: Sandbox) => Promise<number>;
  readonly damage: (damage: Damage) => Promise<number>;
  /** Lets others work, until they have come to an end. */
  readonly meanwhile: (arrivals: readonly Arrival[]) => Promise<unknown>;
  /** Told of each trouble that met somebody. */
  readonly met: (what: 'kills' | 'faults', trouble: Trouble, count: number) => void;
}

/**
 * Lies in wait for sandboxes at the requests that troubles name. Each meets the first sandbox that comes to its moment,
 * however many beats later.
 */
export class Ambush {
  #waiting: Waiting[] = [];
  /** What goes on beside the requests: delayed kills. */
  readonly #pending = new Set<Promise<unknown>>();

  constructor(private readonly makers: TroubleMakers) {}

  lay(troubles: readonly Trouble[]): void {
    this.#waiting = [...this.#waiting.filter(({ isSpent }) => !isSpent()), ...troubles.map(waitingFor)];
    this.#arm();
  }

  /** No trouble from now on, once what has begun has ended. */
  async lift(): Promise<void> {
    this.#waiting = [];
    this.#arm();
    await Promise.all(this.#pending);
  }

  #arm(): void {
    for (const sandbox of this.makers.sandboxes) {
      for (const service of SERVICES) {
        const own = this.#waiting.filter((each) => each.service === service);
        sandbox.set(
          service,
          own.map(({ trouble, isDue }) => this.#fault(trouble, isDue, sandbox)),
        );
      }
    }
  }

  #fault(trouble: Trouble, matches: Waiting['isDue'], sandbox: Sandbox): ProxyFault {
    const { met, damage, killChroma, meanwhile } = this.makers;
    const every = { nth: 1, times: Number.POSITIVE_INFINITY, matches };
    const counting = (what: 'kills' | 'faults', act: () => Promise<number>) => async () =>
      met(what, trouble, await act());
    switch (trouble.kind) {
      case 'fault':
        return { ...every, kind: trouble.fault, act: counting('faults', async () => 1) };
      case 'kill':
      case 'kill Chroma': {
        const kill = counting('kills', () =>
          trouble.kind === 'kill' ? sandbox.kill() : killChroma(sandbox),
        );
        if (trouble.after === 0) return { ...every, kind: trouble.when, act: kill };
        return { ...every, kind: 'late', act: async () => this.#beside(delay(trouble.after).then(kill)) };
      }
      case 'stall':
        return {
          ...every,
          kind: 'late',
          act: counting('faults', async () => {
            await sandbox.stallWhile(() => meanwhile(trouble.meanwhile));
            return 1;
          }),
        };
      case 'damage':
        return { ...every, kind: 'late', act: counting('faults', () => damage(trouble.damage)) };
      case 'full disk':
        return {
          ...every,
          kind: 'late',
          act: counting('faults', async () => {
            await sandbox.limitFiles(trouble.room);
            return 1;
          }),
        };
    }
  }

  #beside(act: Promise<unknown>): void {
    this.#pending.add(act);
    void act.finally(() => this.#pending.delete(act));
  }
}

interface Waiting {
  readonly trouble: Trouble;
  readonly service: Service;
  readonly isDue: (request: ProxiedRequest) => boolean;
  readonly isSpent: () => boolean;
}

function waitingFor(trouble: Trouble): Waiting {
  const { service, nth, times, matches } = whenOf(trouble);
  let met = 0;
  return {
    trouble,
    service,
    isDue(request) {
      if (!matches(request)) return false;
      met++;
      return met >= nth && met < nth + times;
    },
    isSpent: () => met >= nth + times - 1,
  };
}

function whenOf(trouble: Trouble) {
  if (trouble.kind === 'fault') return { ...trouble, matches: () => true };
  const { name, nth }: Moment = trouble.moment;
  return { ...momentKind(name), nth, times: 1 };
}
