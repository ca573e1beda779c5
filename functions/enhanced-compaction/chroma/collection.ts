import type { DistanceSpace } from '../../../contracts/collection-pointer';
import { distanceSpaceSchema } from '../../../contracts/collection-pointer';
import { CONTENT_HASH_KEY, type HashedRecord, type RecordMetadata } from '../../../contracts/delta';
import { slices } from '../../shared/slices';
import type { ChromaDatabase } from './database';
import { metadataJson } from './metadata-json';

/** A stored record without its vector and text. */
export interface StoredRecord {
  readonly id: string;
  readonly metadata: RecordMetadata;
}

export interface CompleteRecord extends StoredRecord {
  readonly document: string;
  readonly embedding: Float32Array;
}

export interface Neighbour extends StoredRecord {
  readonly document: string;
  /** In the collection's space: 0 is the same direction (cosine) or place (l2). */
  readonly distance: number;
}

/** A Chroma collection over REST: embeddings travel as base64 of their Float32 bytes, six times cheaper to encode. */
export interface ChromaCollection {
  readonly name: string;
  readonly space: DistanceSpace;
  count(): Promise<number>;
  /** Those of the ids that are stored. */
  byIds(ids: readonly string[]): Promise<StoredRecord[]>;
  /** Every record whose metadata names one of these images. */
  byImages(imageIds: readonly string[]): Promise<StoredRecord[]>;
  /** A page of all records, without vectors and texts. */
  storedPage(offset: number, limit: number): Promise<StoredRecord[]>;
  /** A page of all records, whole. */
  page(offset: number, limit: number): Promise<CompleteRecord[]>;
  /** Adds records under ids that must not be stored: Chroma passes silently over an id that is. */
  add(records: readonly HashedRecord[]): Promise<void>;
  delete(ids: readonly string[]): Promise<void>;
  /** The nearest records of an embedding, nearest first, optionally among these ids alone. */
  nearest(
    embeddings: readonly Float32Array[],
    count: number,
    amongIds?: readonly string[],
  ): Promise<Neighbour[][]>;
}

interface CollectionAnswer {
  readonly id: string;
  readonly name: string;
  readonly configuration_json?: { hnsw?: { space?: string } | null; spann?: { space?: string } | null };
}

interface RecordsAnswer {
  readonly ids: string[];
  readonly metadatas?: (RecordMetadata | null)[] | null;
  readonly documents?: (string | null)[] | null;
  readonly embeddings?: number[][] | null;
}

/** A Chroma directory holds several collections, and none of the name that is wanted. */
export class AmbiguousCollection extends Error {
  override readonly name = 'AmbiguousCollection';
}

/** SQLite's limit of variables is far above; smaller lists keep the server's queries short. */
const IDS_PER_READ = 1000;
const IMAGES_PER_READ = 100;
/** Below the server's limit of 40 MiB, with room for JSON's own overhead. */
const BODY_BYTES = 24 * 1024 * 1024;

/** What the embedded server takes well in one request; fewer make it read its unsynced log again and again. */
const RECORDS_PER_WRITE = 2000;

/** Opens the collection of this name; undefined when the database has none. */
export async function openChromaCollection(
  database: ChromaDatabase,
  name: string,
  recordsPerWrite = RECORDS_PER_WRITE,
): Promise<ChromaCollection | undefined> {
  const all = await database.get<CollectionAnswer[]>('collections');
  const found = all.find((each) => each.name === name);
  return found && chromaCollection(database, found, recordsPerWrite);
}

/**
 * Opens the one collection of a private Chroma directory, by whatever name an old system gave it; undefined
 * when the directory holds none.
 *
 * @throws {AmbiguousCollection} when it holds several and none has the name.
 */
export async function openOnlyCollection(
  database: ChromaDatabase,
  name: string,
): Promise<ChromaCollection | undefined> {
  const all = await database.get<CollectionAnswer[]>('collections');
  const found = all.find((each) => each.name === name) ?? (all.length === 1 ? all[0] : undefined);
  if (found !== undefined) return chromaCollection(database, found);
  if (all.length === 0) return undefined;
  const names = all.map((each) => each.name).join(', ');
  throw new AmbiguousCollection(
    `Chroma holds the collections ${names}, but none named ${name}. Rename the one that is meant.`,
  );
}

const RECORDS_PER_PAGE = 1000;

/** All records of a collection, whole, in pages. */
export async function* pagesOf({ page }: ChromaCollection): AsyncGenerator<CompleteRecord[]> {
  for (let offset = 0; ; offset += RECORDS_PER_PAGE) {
    const records = await page(offset, RECORDS_PER_PAGE);
    yield records;
    if (records.length < RECORDS_PER_PAGE) return;
  }
}

/** Creates the collection, which must not exist. */
export async function createChromaCollection(
  database: ChromaDatabase,
  name: string,
  space: DistanceSpace,
  recordsPerWrite = RECORDS_PER_WRITE,
): Promise<ChromaCollection> {
  const created = await database.post<CollectionAnswer>('collections', {
    name,
    configuration: { hnsw: { space } },
  });
  return chromaCollection(database, created, recordsPerWrite);
}

function chromaCollection(
  database: ChromaDatabase,
  { id, name, configuration_json: configuration }: CollectionAnswer,
  recordsPerWrite = RECORDS_PER_WRITE,
): ChromaCollection {
  const path = (operation: string) => `collections/${id}/${operation}`;
  const recordsPerRead = Math.min(IDS_PER_READ, recordsPerWrite);
  const get = (body: object) => database.post<RecordsAnswer>(path('get'), body);

  return {
    name,
    space: distanceSpaceSchema.parse(configuration?.hnsw?.space ?? configuration?.spann?.space ?? 'l2'),
    count: () => database.get<number>(path('count')),
    async byIds(ids) {
      const found: StoredRecord[] = [];
      for (const some of slices(ids, recordsPerRead)) {
        found.push(...storedRecords(await get({ ids: some, include: ['metadatas'] })));
      }
      return found;
    },
    async byImages(imageIds) {
      const found: StoredRecord[] = [];
      for (const some of slices(imageIds, IMAGES_PER_READ)) {
        // A remote server gives a page at most, and says nothing of the rest.
        for (let offset = 0; ; offset += recordsPerRead) {
          const where = { image_id: { $in: some } };
          const page = await get({ where, include: ['metadatas'], offset, limit: recordsPerRead });
          found.push(...storedRecords(page));
          if (page.ids.length < recordsPerRead) break;
        }
      }
      return found;
    },
    storedPage: async (offset, limit) => storedRecords(await get({ offset, limit, include: ['metadatas'] })),
    async page(offset, limit) {
      const answer = await get({ offset, limit, include: ['metadatas', 'documents', 'embeddings'] });
      return storedRecords(answer).map((record, index) => ({
        ...record,
        document: answer.documents?.[index] ?? '',
        embedding: Float32Array.from(answer.embeddings?.[index] ?? []),
      }));
    },
    async add(records) {
      for (const some of requestSlices(records, recordsPerWrite)) {
        const rest = JSON.stringify({
          ids: some.map((record) => record.id),
          embeddings: some.map(({ embedding }) => base64(embedding)),
          documents: some.map(({ document }) => document),
        });
        const metadatas = some.map(({ metadata, contentHash }) =>
          metadataJson({ ...metadata, [CONTENT_HASH_KEY]: contentHash }),
        );
        await database.post(path('add'), `${rest.slice(0, -1)},"metadatas":[${metadatas.join(',')}]}`);
      }
    },
    async delete(ids) {
      for (const some of slices(ids, recordsPerRead)) {
        await database.post(path('delete'), { ids: some });
      }
    },
    async nearest(embeddings, count, amongIds) {
      if (embeddings.length === 0) return [];
      const answer = await database.post<{
        ids: string[][];
        distances: (number | null)[][];
        documents: (string | null)[][];
        metadatas: (RecordMetadata | null)[][];
      }>(path('query'), {
        query_embeddings: embeddings.map((embedding) => Array.from(embedding)),
        n_results: count,
        ...(amongIds && { ids: amongIds }),
        include: ['distances', 'documents', 'metadatas'],
      });
      return answer.ids.map((ids, row) =>
        ids.map((recordId, index) => ({
          id: recordId,
          distance: answer.distances[row]?.[index] ?? Number.POSITIVE_INFINITY,
          document: answer.documents[row]?.[index] ?? '',
          metadata: answer.metadatas[row]?.[index] ?? {},
        })),
      );
    },
  };
}

const storedRecords = ({ ids, metadatas }: RecordsAnswer): StoredRecord[] =>
  ids.map((id, index) => ({ id, metadata: metadatas?.[index] ?? {} }));

const base64 = ({ buffer, byteOffset, byteLength }: Float32Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('base64');

/** Records in slices of at most `count`, and of about {@link BODY_BYTES} once they are JSON. */
function* requestSlices(records: readonly HashedRecord[], count: number): Generator<HashedRecord[]> {
  let slice: HashedRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    const size = record.embedding.byteLength * 1.4 + 3 * record.document.length + 1024;
    if (slice.length >= count || (slice.length > 0 && bytes + size > BODY_BYTES)) {
      yield slice;
      slice = [];
      bytes = 0;
    }
    slice.push(record);
    bytes += size;
  }
  if (slice.length > 0) yield slice;
}
