import type { S3Client } from '@aws-sdk/client-s3';
import type { Verification } from '../../../contracts/migrate-buckets/verification';
import type { Level } from '../../../contracts/migrate-buckets/words';
import { Pool } from '../../shared/pool';
import { SAMPLE_SIZE, SeededSample } from '../../shared/seeded-sample';
import type { Pair } from '../listing/pair';
import { isPointerKey } from '../plan-files/manifest-entry';
import { compareProperties } from './compare-properties';
import type { Sides } from './evaluate-object';
import { readProperties } from './read-properties';

interface Offered {
  readonly pair: Pair;
  readonly level: Level;
}

/** Objects that are compared at a time. */
const AT_A_TIME = 32;

/** Compares what the proven objects carry beside their bytes: all of them with `--deep`, else a sample. */
export class FidelityCheck {
  private readonly pool = new Pool(AT_A_TIME);
  private compared = 0;
  private differing = 0;
  private readonly sample: SeededSample<Offered>;

  /** @param tell - is told each object that differs. */
  constructor(
    private readonly s3: S3Client,
    private readonly sides: Pick<Sides, 'source' | 'destination' | 'deep' | 'placement'>,
    private readonly seed: number,
    private readonly tell: (problem: Verification['problems'][number]) => void,
  ) {
    this.sample = new SeededSample(SAMPLE_SIZE, seed);
  }

  async offer(pair: Pair, level: Level): Promise<void> {
    // The pipeline writes its pointers anew, in its own way.
    if (pair.destination !== undefined && isPointerKey(pair.destination.key)) return;
    if (this.sides.deep) await this.pool.add(() => this.compare({ pair, level }));
    else this.sample.offer({ pair, level });
  }

  async finish(): Promise<NonNullable<Verification['fidelity']>> {
    for (const each of this.sample.items) await this.pool.add(() => this.compare(each));
    await this.pool.finish();
    return { compared: this.compared, differing: this.differing, deep: this.sides.deep, seed: this.seed };
  }

  private async compare({ pair: { key, source, destination }, level }: Offered): Promise<void> {
    if (source === undefined || destination === undefined) return;
    const [ours, theirs] = await Promise.all([
      readProperties(this.s3, { bucket: source.bucket ?? this.sides.source, object: source }),
      readProperties(this.s3, { bucket: this.sides.destination, object: destination }),
    ]);
    if (ours === undefined || theirs === undefined) return;
    this.compared++;
    const why = compareProperties(ours, theirs, this.sides.placement.tagsLeftBehind(source));
    if (why === undefined) return;
    this.differing++;
    this.tell({ key, level, why });
  }
}
