import { deltaPrefix, isDecoy, snapshotPrefix } from '../../../contracts/bucket-layout';
import { COLLECTIONS, type Collection } from '../../../contracts/collections';
import type { BucketSpread } from '../../../contracts/migrate-buckets/authority';
import type { Tally } from '../../../contracts/migrate-buckets/plan';
import type { ListedObject } from '../listing/listed-object';

/** Prefixes that are told one by one: a bucket whose keys begin with what is unique to each must not fill the memory. */
const PREFIXES_AT_MOST = 100;

type Kind = Pick<BucketSpread['kinds'][number], 'collection' | 'kind'>;

/** How a bucket's objects lie: over time, by prefix and by collection. Decoys are not among them. Pure. */
export class Spread {
  private readonly days = new Map<string, Tally>();
  private readonly prefixes = new Map<string, Tally>();
  private readonly kinds = new Map<string, Kind & Tally>();
  private readonly otherPrefixes: Tally = { objects: 0, bytes: 0 };

  add(object: ListedObject): void {
    if (isDecoy(object)) return;
    const { key, size, modified } = object;
    count(this.days, new Date(modified).toISOString().slice(0, 10), size);
    const prefix = prefixOf(key);
    if (this.prefixes.has(prefix) || this.prefixes.size < PREFIXES_AT_MOST)
      count(this.prefixes, prefix, size);
    else add(this.otherPrefixes, size);
    const kind = kindOf(key);
    const name = JSON.stringify(kind);
    const tally = this.kinds.get(name) ?? { ...kind, objects: 0, bytes: 0 };
    this.kinds.set(name, tally);
    add(tally, size);
  }

  finish(): BucketSpread {
    return {
      days: Object.fromEntries([...this.days].sort(([a], [b]) => (a < b ? -1 : 1))),
      prefixes: [...this.prefixes].map(([prefix, tally]) => ({ prefix, ...tally })),
      other_prefixes: { ...this.otherPrefixes },
      kinds: KINDS.flatMap((kind) => this.kinds.get(JSON.stringify(kind)) ?? []),
    };
  }
}

function count(tallies: Map<string, Tally>, name: string, size: number): void {
  const tally = tallies.get(name) ?? { objects: 0, bytes: 0 };
  tallies.set(name, tally);
  add(tally, size);
}

function add(tally: Tally, size: number): void {
  tally.objects++;
  tally.bytes += size;
}

const prefixOf = (key: string): string => /^(?:[^/]*\/){0,2}/.exec(key)?.[0] ?? '';

const kindsOf = (collection: Collection): Kind[] => [
  { collection, kind: 'snapshots' },
  { collection, kind: 'deltas' },
];
const KINDS: readonly Kind[] = [...COLLECTIONS.flatMap(kindsOf), { collection: null, kind: 'others' }];

function kindOf(key: string): Kind {
  for (const collection of COLLECTIONS) {
    if (key.startsWith(snapshotPrefix(collection))) return { collection, kind: 'snapshots' };
    if (key.startsWith(deltaPrefix(collection))) return { collection, kind: 'deltas' };
  }
  return { collection: null, kind: 'others' };
}
