import fc from 'fast-check';
import { ANNOTATION_FORMAT_VERSION, type Delta, isAnnotation } from '../../../../contracts/delta';
import { createChromaCollection } from '../../../../functions/enhanced-compaction/chroma/collection';
import { ChromaRefusal, chromaDatabase } from '../../../../functions/enhanced-compaction/chroma/database';
import {
  mergeable,
  RefusedDeltas,
  replayLog,
} from '../../../../functions/enhanced-compaction/snapshot/replay-log';
import { createDatabase, useChromaServer } from '../../../support/chroma-server';
import { makeDelta, useCompactionHarness } from '../../../support/compaction-harness';

const IMAGES = ['11111111-2222-4333-8444-555555555555', '66666666-7777-4888-9999-aaaaaaaaaaaa'] as const;
const delta = (image: number, kind: 'receipt' | 'annotation'): Delta =>
  makeDelta({
    imageId: IMAGES[image] ?? '',
    texts: [],
    header: kind === 'annotation' ? { format_version: ANNOTATION_FORMAT_VERSION, annotation: '{}' } : {},
  });
const names = (deltas: readonly Delta[]) =>
  deltas.map(
    (each) =>
      `${IMAGES.indexOf(each.header.image_id as (typeof IMAGES)[number])}${isAnnotation(each) ? 'a' : 'r'}`,
  );

it.each([
  ['one delta of each receipt', ['0r', '1r'], [['0r', '1r']]],
  ['annotations behind their receipts', ['0r', '1r', '0a', '1a', '0a'], [['0r', '1r', '0a', '1a', '0a']]],
  ['a receipt again', ['0r', '1r', '0r'], [['0r', '1r'], ['0r']]],
  [
    'a receipt behind its annotation',
    ['0a', '1r', '0r', '0a'],
    [
      ['0a', '1r'],
      ['0r', '0a'],
    ],
  ],
  ['nothing', [], []],
])('Merges take together: %s', (_what, log, expected) => {
  const deltas = log.map((name) => delta(Number(name[0]), name[1] === 'a' ? 'annotation' : 'receipt'));
  expect([...mergeable(deltas)].map(names)).toEqual(expected);
});

it('Whatever the log, all of it is merged in its order, and nothing that has to wait for another goes with it', () => {
  const logs = fc.array(
    fc.tuple(fc.nat({ max: 1 }), fc.constantFrom('receipt' as const, 'annotation' as const)),
  );
  fc.assert(
    fc.property(logs, (log) => {
      const deltas = log.map(([image, kind]) => delta(image, kind));
      const together = [...mergeable(deltas)];
      expect(together.flat()).toEqual(deltas);
      for (const some of together) {
        for (const image of IMAGES) {
          const own = some.filter(({ header }) => header.image_id === image).map(isAnnotation);
          expect(own.lastIndexOf(false)).toBeLessThan(1);
        }
      }
    }),
  );
});

describe('A log of which Chroma refuses a delta', () => {
  const world = useCompactionHarness();
  const server = useChromaServer();
  const refusing = async (status: number) => {
    const database = chromaDatabase({ url: server.url, database: await createDatabase(server.url) });
    const add = async () => {
      throw new ChromaRefusal('Chroma refused it', status);
    };
    return { ...(await createChromaCollection(database, 'lines', 'l2')), add };
  };
  const log = async () => {
    const { lines } = await world.arrive({ texts: ['A'] });
    return [{ key: lines.delta_key, sha256: lines.delta_sha256 }];
  };

  it.each([401, 404, 500, 503])('with status %i, which may pass, refuses none for good', async (status) => {
    const failure = await replayLog(world, await refusing(status), await log()).catch((error) => error);
    expect(failure).toBeInstanceOf(ChromaRefusal);
  });

  it('with status 422 names it, with the reason and what to do', async () => {
    const [delta] = await log();
    const failure = await replayLog(world, await refusing(422), delta ? [delta] : []).catch((error) => error);
    expect(failure).toBeInstanceOf(RefusedDeltas);
    expect(failure.message).toMatch(
      `Chroma refuses the deltas ${delta?.key}: Chroma refused it. Drop the OCR result or put the annotation there again`,
    );
  });
});
