import { COLLECTIONS, type Collection } from '../../../../contracts/collections';
import { type SeededRandom, seededRandom } from '../../../support/seeded-random';
import { type Mode, type Moment, momentIn, type Service, servicesOf } from './moments';

export const POISONS = ['endless vector', 'refused key', 'not Arrow', 'wrong hash'] as const;
export type Poison = (typeof POISONS)[number];

/** What happens to a receipt; it is a number among the storm's. */
export type Arrival = { readonly receipt: number } & (
  | {
      readonly kind: 'drop';
      /** A line each; none takes the receipt out. */
      readonly texts: readonly string[];
    }
  | { readonly kind: 'annotation'; readonly label: string }
  | { readonly kind: 'poison'; readonly poison: Poison }
);

/** What becomes of the doorbells of an arrival. */
export type Ring = 'once' | 'twice' | 'lost';

export type Damage = 'all gone' | 'version gone' | 'truncated' | 'changed';

export type Trouble =
  | {
      readonly kind: 'kill' | 'kill Chroma';
      readonly moment: Moment;
      /** The request is not made, or it is made and its answer never read. */
      readonly when: 'before' | 'after';
      /** Milliseconds that the sandbox goes on for, so that the end meets it between two requests. */
      readonly after: number;
    }
  | {
      readonly kind: 'stall';
      readonly moment: Moment;
      /** What arrives, and is merged by another, before the holder of the lease goes on. */
      readonly meanwhile: readonly Arrival[];
    }
  | {
      readonly kind: 'fault';
      readonly service: Service;
      readonly fault: 'refused' | 'failed' | 'throttled' | 'before' | 'after' | 'middle';
      readonly nth: number;
      readonly times: number;
    }
  | { readonly kind: 'damage'; readonly moment: Moment; readonly damage: Damage }
  | {
      readonly kind: 'full disk';
      readonly moment: Moment;
      /** Bytes that a file may grow to. */
      readonly room: number;
    };

export interface Beat {
  readonly arrivals: readonly (Arrival & { readonly ring: Ring })[];
  /** Collections whose queue's messages somebody delivers once more, past the queue. */
  readonly strays: readonly Collection[];
  readonly troubles: readonly Trouble[];
}

/** All that a seed decides about a storm. */
export interface Storm {
  readonly seed: number;
  readonly mode: Mode;
  /** Merged records after which a checkpoint is due. */
  readonly checkpointRecords: number;
  /** Doorbells for one run that are rung at the start, beyond all others. */
  readonly burst: number;
  readonly beats: readonly Beat[];
}

export interface StormOptions {
  readonly mode: Mode;
  /** Doorbells of a burst, which one storm in six has. */
  readonly burst: number;
}

/** Few, so that texts are equal within receipts and between them. */
const TEXTS = [
  'TOTAL',
  'THANK YOU',
  'BLUE HERON COFFEE',
  'ESPRESSO 3.50',
  'OAT MILK 0.80',
  'VISA **** 4242',
  'TAX 0.31',
  'CASH',
  'SUBTOTAL 4.30',
  'MAIN STREET 1',
  'CHANGE 0.00',
  'OPEN DAILY',
];
const RECEIPTS = 36;
const BEATS = 9;
const ARRIVALS = 7;
/** Laid in each beat; nearly each is met sooner or later. */
const KILLS = 4;

/** The storm that a seed stands for: the same each time, whatever happens in it. */
export function stormOf(seed: number, { mode, burst }: StormOptions): Storm {
  const random = seededRandom(seed);
  const poisonedBeat = random.below(BEATS);
  return {
    seed,
    mode,
    checkpointRecords: random.pick([20, 60, 150]),
    burst: random.below(6) === 0 ? burst : 0,
    beats: Array.from({ length: BEATS }, (_, index) => ({
      arrivals: [
        ...Array.from({ length: ARRIVALS }, () => arrivalIn(random)),
        // One of some hundred deltas.
        ...(index === poisonedBeat ? [{ ...poisonIn(random), ring: 'once' as const }] : []),
      ],
      strays: Array.from({ length: 2 + random.below(2) }, () => random.pick(COLLECTIONS)),
      troubles: [
        ...Array.from({ length: KILLS }, () => killIn(random, mode)),
        ...Array.from({ length: random.below(4) }, () => troubleIn(random, mode)),
      ],
    })),
  };
}

function arrivalIn(random: SeededRandom): Arrival & { readonly ring: Ring } {
  const receipt = random.below(RECEIPTS);
  const ring = random.pick(['once', 'once', 'once', 'twice', 'lost'] as const);
  if (random.chance(0.2)) return { receipt, ring, kind: 'annotation', label: `LABEL ${random.below(1000)}` };
  const lines = random.chance(0.15) ? 0 : 1 + random.below(5);
  const texts = Array.from({ length: lines }, () => random.pick(TEXTS));
  return { receipt, ring, kind: 'drop', texts };
}

const poisonIn = (random: SeededRandom): Arrival => ({
  // A receipt of its own, or one that goes on as it was.
  receipt: random.chance(0.5) ? RECEIPTS : random.below(RECEIPTS),
  kind: 'poison',
  poison: random.pick(POISONS),
});

const killIn = (random: SeededRandom, mode: Mode): Trouble => ({
  kind: random.chance(0.65) ? 'kill' : 'kill Chroma',
  moment: momentIn(random, mode),
  when: random.pick(['before', 'after']),
  after: random.pick([0, 0, random.below(50), random.below(400)]),
});

function troubleIn(random: SeededRandom, mode: Mode): Trouble {
  const moment = momentIn(random, mode);
  // What there is of a server's disk is the server's, and a stall is what it has to bear most.
  const kinds =
    mode === 'embedded'
      ? (['fault', 'stall', 'damage', 'full disk'] as const)
      : (['fault', 'stall'] as const);
  const kind = random.pick(kinds);
  switch (kind) {
    case 'fault':
      return {
        kind,
        service: random.pick(servicesOf(mode)),
        fault: random.pick(['refused', 'failed', 'throttled', 'before', 'after', 'middle'] as const),
        nth: 1 + random.below(60),
        // The SDK tries five times: six are a failure.
        times: random.pick([1, 1, 2, 6]),
      };
    case 'stall':
      return { kind, moment, meanwhile: Array.from({ length: 4 }, () => arrivalIn(random)) };
    case 'damage':
      return {
        kind,
        moment,
        damage: random.pick(['all gone', 'version gone', 'truncated', 'changed'] as const),
      };
    case 'full disk':
      return { kind, moment, room: random.pick([0, 64, 400, 2000]) * 1024 };
  }
}
