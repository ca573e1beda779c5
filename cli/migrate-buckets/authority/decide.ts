import type {
  BucketEvidence,
  CollectionEvidence,
  Signal,
  Verdict,
} from '../../../contracts/migrate-buckets/authority';

/**
 * Chooses the bucket that is the truth: the only one that passes every gate and is beaten on no signal by
 * another that passes them all. In any other case there is no winner and the conflict is told: a wrong choice
 * loses data, a question does not. A bucket that holds only decoys takes no part, and one that fails a gate
 * beats nobody: its pointer, its dates and its size say nothing for a snapshot that nobody can use.
 */
export function decide(buckets: readonly BucketEvidence[]): Verdict {
  const holders = buckets.filter(({ objects }) => objects > 0);
  const needed = new Set(
    holders.flatMap(({ collections }) => collections.filter((c) => c.has_data).map((c) => c.collection)),
  );
  const failures = new Map(
    holders.map((bucket) => [
      bucket.name,
      bucket.collections.filter((c) => needed.has(c.collection)).flatMap(failedGates),
    ]),
  );
  const passing = holders.filter(({ name }) => failures.get(name)?.length === 0);
  const signals = needed.size === 0 ? [] : compare(holders, passing, [...needed]);
  const beatenOn = (name: string) => signals.filter(({ best }) => !best.includes(name));
  const unbeaten = passing.filter(({ name }) => beatenOn(name).length === 0);
  const [winner] = unbeaten;
  if (winner !== undefined && unbeaten.length === 1) {
    const others = buckets.filter(({ name }) => name !== winner.name);
    return {
      winner: winner.name,
      signals,
      reasons: [
        `${winner.name} passes every gate and is beaten on no signal.`,
        ...others.map((other) => whyNot(other, failures.get(other.name) ?? [], beatenOn(other.name))),
      ],
    };
  }
  const conflict =
    needed.size === 0
      ? ['No bucket holds data of a collection: there is nothing to choose.']
      : unbeaten.length > 1
        ? [
            `${unbeaten.map(({ name }) => name).join(' and ')} cannot be told apart: each passes every gate and none beats the other.`,
          ]
        : holders.map((bucket) => whyNot(bucket, failures.get(bucket.name) ?? [], beatenOn(bucket.name)));
  return { winner: null, signals, reasons: conflict };
}

const failedGates = ({ collection, gates }: CollectionEvidence): string[] =>
  gates.filter(({ result }) => result === 'fail').map(({ evidence }) => `${collection}: ${evidence}`);

function whyNot(bucket: BucketEvidence, failures: readonly string[], beaten: readonly Signal[]): string {
  if (bucket.objects === 0)
    return `${bucket.name} holds nothing but what the old infrastructure put into every bucket.`;
  if (failures.length > 0) return `${bucket.name} fails a gate: ${failures.join(' ')}`;
  const told = beaten.map(({ name, best }) => `${name} (${best.join(', ')} is ahead)`);
  return `${bucket.name} passes every gate but is beaten on ${told.join(', ')}.`;
}

/** Shows the values of all buckets, and which of the competing ones no other competing one beats. */
function compare(
  buckets: readonly BucketEvidence[],
  competing: readonly BucketEvidence[],
  collections: readonly string[],
): Signal[] {
  const signal = (name: string, value: (bucket: BucketEvidence) => string | number): Signal => {
    const values = Object.fromEntries(buckets.map((bucket) => [bucket.name, value(bucket)]));
    const beaten = (bucket: BucketEvidence) => competing.some((other) => value(other) > value(bucket));
    return { name, values, best: competing.filter((each) => !beaten(each)).map((each) => each.name) };
  };
  return [
    ...collections.map((collection) =>
      signal(`newest ${collection} pointer`, (bucket) => soundVersion(bucket, collection)),
    ),
    signal('newest write', ({ newest_write }) => newest_write ?? 0),
    signal('writes in the last seven days', ({ recent_writes }) => recent_writes),
    signal('live references', ({ references }) => references.length),
    signal('objects', ({ objects }) => objects),
    signal('bytes', ({ bytes }) => bytes),
    containment(buckets, competing),
  ];
}

/** A pointer to an empty or missing snapshot counts for nothing, however new it is. */
function soundVersion({ collections }: BucketEvidence, name: string): string {
  const found = collections.find(({ collection }) => collection === name);
  if (found?.version == null || failedGates(found).length > 0) return '';
  return found.version;
}

/** A bucket is beaten when it lies in another one more completely than the other in it. */
function containment(buckets: readonly BucketEvidence[], competing: readonly BucketEvidence[]): Signal {
  const share = (a: BucketEvidence, b: BucketEvidence) => (a.contained_in[b.name] ?? 0) / a.objects;
  const best = competing.filter((a) => competing.every((b) => a === b || share(a, b) <= share(b, a)));
  const values = Object.fromEntries(
    buckets.map((a) => [
      a.name,
      buckets
        .filter((b) => a !== b)
        .map((b) => `${Math.round(share(a, b) * 100)} % in ${b.name}`)
        .join(', '),
    ]),
  );
  return { name: 'least contained in another', values, best: best.map(({ name }) => name) };
}
