import {
  createChromaCollection,
  dropChromaCollection,
  openChromaCollection,
  renameChromaCollection,
} from '../../../../functions/enhanced-compaction/chroma/collection';
import {
  type ChromaDatabase,
  ChromaRefusal,
  chromaDatabase,
} from '../../../../functions/enhanced-compaction/chroma/database';
import { createDatabase, useChromaServer } from '../../../support/chroma-server';
import { useCompactionHarness } from '../../../support/compaction-harness';
import { type FaultyProxy, type ProxiedRequest, startFaultyProxy } from '../../../support/faulty-proxy';
import { remoteStore } from '../../../support/remote-store';

const world = useCompactionHarness();
const server = useChromaServer();
let proxy: FaultyProxy;
let name: string;
/** Through the proxy, and past it. */
let database: ChromaDatabase;
let direct: ChromaDatabase;
beforeEach(async () => {
  proxy = await startFaultyProxy(server.url);
  name = await createDatabase(server.url);
  database = chromaDatabase({ url: proxy.endpoint, database: name });
  direct = chromaDatabase({ url: server.url, database: name });
});
afterEach(() => proxy.stop());

const creates = ({ method, url }: ProxiedRequest) => method === 'POST' && url.endsWith('/collections');
const renames = ({ method }: ProxiedRequest) => method === 'PUT';
/** What is asked is carried out once, and the answer lost; then the server is in trouble. */
const loseThenFail = (matches: (request: ProxiedRequest) => boolean) =>
  proxy.set([
    { nth: 1, kind: 'after', matches },
    { nth: 2, times: 5, kind: 'failed', matches },
  ]);
const create = (into: ChromaDatabase, called = 'lines') => createChromaCollection(into, called, 'cosine');
const idOf = async (called: string) => (await openChromaCollection(direct, called))?.id;

describe('A collection whose creation was carried out and not answered', () => {
  it('is the one that was asked for, though the retry is told that it exists', async () => {
    proxy.set([{ nth: 1, kind: 'after', matches: creates }]);
    const created = await create(database);
    expect(created).toMatchObject({ id: await idOf('lines'), space: 'cosine' });
  });

  it('is found, though no retry comes through', async () => {
    loseThenFail(creates);
    expect((await create(database)).id).toBe(await idOf('lines'));
  });

  it('is merged into by the same merge', async () => {
    proxy.set([{ nth: 1, kind: 'after', matches: creates }]);
    const run = await world.arrive({ texts: ['A'] });
    await world.compactOnce({ store: remoteStore(world, { url: proxy.endpoint, database: name }) });
    expect(await world.state(run)).toMatchObject({ state: 'COMPLETED' });
    expect((await world.pointer())?.manifest).toMatchObject({ records: 1 });
  });

  it('is never taken for one that another program created', async () => {
    const { id } = await create(direct);
    await expect(create(database)).rejects.toThrow(
      'Another program created a collection lines on the Chroma server meanwhile. Rename it, or delete it',
    );
    expect(await idOf('lines')).toBe(id);
  });

  it('is refused as Chroma says where there is none', async () => {
    const failure = await create(database, '-').catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ChromaRefusal);
  });
});

describe('A new name of a collection', () => {
  it('is found, where the answer to it was lost and no retry comes through', async () => {
    const aside = await create(direct, 'aside');
    loseThenFail(renames);
    await renameChromaCollection(database, aside, 'lines');
    expect([await idOf('lines'), await idOf('aside')]).toEqual([aside.id, undefined]);
  });

  it('is not taken from another collection, and the error says so', async () => {
    const [aside, other] = [await create(direct, 'aside'), await create(direct)];
    await expect(renameChromaCollection(database, aside, 'lines')).rejects.toThrow(
      'The Chroma server has another collection lines, so that aside could not get that name. Rename the other one',
    );
    expect([await idOf('lines'), await idOf('aside')]).toEqual([other.id, aside.id]);
  });

  it('is refused as Chroma says where the collection is gone', async () => {
    const aside = await create(direct, 'aside');
    await dropChromaCollection(direct, 'aside');
    const renaming = renameChromaCollection(database, aside, 'lines');
    await expect(renaming).rejects.toMatchObject({ name: 'ChromaRefusal', status: 404 });
  });
});

it('A request that is not answered in its time is not made again: it may be carried out yet', async () => {
  let time = new AbortController();
  const timing = jest.spyOn(AbortSignal, 'timeout').mockImplementation(() => {
    time = new AbortController();
    return time.signal;
  });
  let unanswered = 0;
  const act = async () => time.abort(new Error('Its time is up.'));
  proxy.set([{ nth: 1, times: 9, kind: 'never', act }]);
  const options = { url: proxy.endpoint, database: name, unanswered: () => ++unanswered };
  const asked = chromaDatabase(options).get('collections');
  await expect(asked).rejects.toThrow('Its time is up.');
  timing.mockRestore();
  expect(unanswered).toBe(1);
});
