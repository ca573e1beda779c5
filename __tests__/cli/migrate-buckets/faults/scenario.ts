import { createHash } from 'node:crypto';
import type { Fault } from 'local-aws';
import { type SeededRandom, seededRandom } from '../../../support/seeded-random';
import { type Buckets, type Contents, contentsOf, THEIRS } from './contents';
import type { Foreign } from './judge';
import { type CommandName, type FaultKind, faultOf, type Moment } from './random-faults';

/** One call of a command, and what goes wrong while it runs. */
export interface Attempt {
  readonly command: CommandName;
  readonly faults: readonly Fault[];
  readonly kinds: readonly FaultKind[];
  /** It is killed once the server holds this request back. */
  readonly killAt?: { readonly operation: string; readonly nth: number };
  /** KiB that a file may grow to: the disk is full. */
  readonly room?: number;
  /** What a second operator does at the same time, with the same plan or with a copy of it in another folder. */
  readonly second?: { readonly command: CommandName; readonly plan: 'same' | 'copied' };
}

/** All that a seed decides about a run. */
export interface Scenario {
  readonly seed: number;
  readonly buckets: Buckets;
  readonly versioning: 'off' | 'enabled' | 'suspended';
  /** Whether bucket configurations reach the server's reads late, and changes back to back are refused. */
  readonly eventual: boolean;
  readonly contents: Contents;
  /** Minutes by which the operator's clock is wrong. */
  readonly skew: number;
  readonly retire: readonly string[];
  readonly attempts: readonly Attempt[];
}

const KILL_AT: Record<CommandName, readonly (readonly [operation: string, upTo: number])[]> = {
  plan: [
    ['ListObjectsV2', 6],
    ['ListObjectVersions', 3],
    ['HeadBucket', 2],
    ['GetObject', 2],
  ],
  apply: [
    ['CopyObject', 14],
    ['CopyObject', 30],
    ['UploadPartCopy', 3],
    ['CompleteMultipartUpload', 2],
    ['PutObject', 14],
    ['DeleteObject', 6],
    ['ListObjectsV2', 20],
    ['ListObjectVersions', 6],
    ['PutBucketPolicy', 4],
    ['PutBucketPolicy', 4],
    ['GetBucketPolicy', 20],
    ['GetObject', 5],
  ],
  verify: [['ListObjectVersions', 4]],
  retire: [
    ['DeleteObjects', 4],
    ['DeleteObjects', 4],
    ['DeleteObject', 4],
    ['ListObjectVersions', 30],
    ['ListObjectsV2', 6],
    ['PutObject', 3],
    ['ListMultipartUploads', 1],
    ['GetObject', 3],
    ['PutBucketTagging', 1],
    ['DeleteBucket', 1],
  ],
};

/** How often something goes wrong with a command before it is left in peace. */
const ATTEMPTS: Record<CommandName, number> = { plan: 1, apply: 3, verify: 1, retire: 3 };

/** The run that a seed stands for: the same each time, whatever happens in it. */
export function scenarioOf(seed: number): Scenario {
  const random = seededRandom(seed);
  const buckets = { source: `old-${seed}`, destination: `new-${seed}`, other: `other-${seed}` };
  const versioning = random.pick(['off', 'off', 'enabled', 'enabled', 'suspended'] as const);
  const contents = contentsOf(random, versioning !== 'off');
  const place = { buckets, keys: contents.objects.map(({ key }) => key) };
  const attempts = (['plan', 'apply', 'verify', 'retire'] as const).flatMap((command) =>
    Array.from({ length: random.below(ATTEMPTS[command] + 1) }, () =>
      attemptAt(random, { command, ...place }),
    ),
  );
  return {
    seed,
    buckets,
    versioning,
    eventual: random.chance(0.25),
    contents,
    skew: random.pick([0, 0, -10, 10]),
    retire: [
      // What a suspended bucket holds cannot all be hidden.
      ...(random.chance(0.5) || versioning === 'suspended' ? ['--purge'] : []),
      ...(random.chance(0.25) ? ['--mode', 'delete'] : []),
    ],
    attempts,
  };
}

function attemptAt(random: SeededRandom, moment: Moment): Attempt {
  const { command } = moment;
  const kinds: FaultKind[] = [];
  const faults = Array.from({ length: random.below(4) }, () => {
    const { kind, fault } = faultOf(random, moment, kinds);
    kinds.push(kind);
    return fault;
  });
  const attempt = { command, faults, kinds };
  const what = random.below(10);
  if (what < 5) {
    const [operation, upTo] = random.pick(KILL_AT[command]);
    return { ...attempt, killAt: { operation, nth: 1 + random.below(upTo) } };
  }
  if (what === 5) return { ...attempt, room: random.pick([0, 1, 2, 3, 4, 6]) };
  // Whose answer a change came before cannot be told where two work at once.
  if (what === 6 && command !== 'plan' && !kinds.includes('changed')) {
    const plan = random.pick(['same', 'copied'] as const);
    return { ...attempt, second: { command: random.pick([command, command, 'apply', 'verify']), plan } };
  }
  return attempt;
}

/** What somebody else has at the destination, or puts there while the run goes on. */
export function foreignIn({ buckets, contents, attempts }: Scenario): Foreign {
  const foreign = new Map<string, Set<string>>();
  const add = (key: string, body: string) => {
    const bodies = foreign.get(key) ?? new Set();
    foreign.set(key, bodies.add(createHash('sha256').update(body).digest('hex')));
  };
  if (contents.theirs) add(THEIRS.key, THEIRS.body);
  for (const { mutate } of attempts.flatMap(({ faults }) => faults)) {
    if (mutate === undefined || !('put' in mutate)) continue;
    const { bucket, key, body } = mutate.put;
    if (bucket === buckets.destination) add(key, body);
  }
  return foreign;
}
