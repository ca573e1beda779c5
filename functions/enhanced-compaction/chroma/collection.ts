import { randomUUID } from 'node:crypto';
import type { RecordLimits } from '../../../contracts/chroma-cloud';
import type { DistanceSpace } from '../../../contracts/collection-pointer';
import { distanceSpaceSchema } from '../../../contracts/collection-pointer';
import {
  CONTENT_HASH_KEY,
  type HashedRecord,
  type MetadataValue,
  type RecordMetadata,
} from '../../../contracts/delta';
import { imageSpellings } from '../../../contracts/record-id';
import { slices } from '../../shared/slices';
import { parseExactly, stringifyExactly, withFloats } from '../../shared/written-numbers';
import { type ChromaDatabase, ChromaRefusal } from './database';
import { requestSlices, sendHalving } from './request-slices';

/** A stored record's metadata. */
export interface StoredMetadata {
  readonly id: string;
  /** Its numbers are as Chroma wrote them. */
  readonly metadata: RecordMetadata;
}

/** A stored record without its vector. */
export interface StoredRecord extends StoredMetadata {
  /** Null where it was stored without a text. */
  readonly document: string | null;
}

export interface CompleteRecord {
  readonly id: string;
  readonly document: string;
  readonly metadata: RecordMetadata;
  readonly embedding: Float32Array;
}

/** A whole record as Chroma has it: without a text where it was stored without one, its numbers as Chroma wrote them. */
export interface ExactRecord extends StoredRecord {
  readonly embedding: Float32Array;
}

/** What is written over a stored record: null takes a metadata key away, and a key that is not named stays. */
export interface RecordUpdate extends Omit<HashedRecord, 'metadata'> {
  readonly metadata: Readonly<Record<string, MetadataValue | null>>;
}

/** What is written over a stored record's metadata alone: as with a {@link RecordUpdate}, null takes a key away. */
export type MetadataUpdate = Pick<RecordUpdate, 'id' | 'metadata'>;

/** What is known of a record for a search. */
export type WrittenVector = Pick<HashedRecord, 'id' | 'embedding'>;

export interface Neighbour {
  readonly id: string;
  readonly metadata: RecordMetadata;
  readonly document: string;
  /** In the collection's space: 0 is the same direction (cosine) or place (l2). */
  readonly distance: number;
}

/** A Chroma collection over REST: embeddings travel as base64 of their Float32 bytes, six times cheaper to encode. */
export interface ChromaCollection {
  /** It outlasts a new name, and no other collection ever has it. */
  readonly id: string;
  readonly name: string;
  /** Whose it is, the bucket of a pipeline, where that was noted when it was made. */
  readonly owner: string | undefined;
  readonly space: DistanceSpace;
  /** Whether other programs may write to it at the same time. */
  readonly isShared: boolean;
  /** As of its database. */
  readonly recordLimits: RecordLimits | undefined;
  count(): Promise<number>;
  /** Those of the ids that are stored. */
  byIds(ids: readonly string[]): Promise<StoredRecord[]>;
  /** The metadata of those of the ids that are stored, by id. Its numbers are JavaScript's, so it is read in half the time. */
  metadata(ids: readonly string[]): Promise<Map<string, RecordMetadata>>;
  /** Every record whose metadata names one of these images, in small letters or in capitals. */
  byImages(imageIds: readonly string[]): Promise<StoredRecord[]>;
  /** The metadata of a page of all records. */
  metadataPage(offset: number, limit: number): Promise<StoredMetadata[]>;
  /** A page of all records, whole. Its numbers are JavaScript's: see {@link pagesOf}. */
  page(offset: number, limit: number): Promise<CompleteRecord[]>;
  /** Adds records under ids that must not be stored: Chroma passes silently over an id that is. */
  add(records: readonly HashedRecord[]): Promise<void>;
  /** Adds records of another collection just as they are, under the same condition. */
  copy(records: readonly ExactRecord[]): Promise<void>;
  /**
   * Writes over records that are stored, without their being away for a moment: what the update does not name is
   * not touched, so it keeps its type, and a reader or a crash in between meets a whole record.
   */
  update(records: readonly RecordUpdate[]): Promise<void>;
  /** Writes over the metadata of records that are stored: text and vector stay as they are. */
  updateMetadata(records: readonly MetadataUpdate[]): Promise<void>;
  /** Writes the vectors of records that are stored again: texts and metadata stay as they are. */
  updateVectors(records: readonly WrittenVector[]): Promise<void>;
  delete(ids: readonly string[]): Promise<void>;
  /** The vectors of those of the ids that are stored. */
  vectors(ids: readonly string[]): Promise<Map<string, Float32Array>>;
  /** The nearest records of each embedding, nearest first. */
  nearest(embeddings: readonly Float32Array[], count: number): Promise<Neighbour[][]>;
}

interface CollectionAnswer {
  readonly id: string;
  readonly name: string;
  readonly metadata?: Readonly<Record<string, unknown>> | null;
  readonly configuration_json?: { hnsw?: { space?: string } | null; spann?: { space?: string } | null };
}

interface RecordsAnswer {
  readonly ids: string[];
  readonly metadatas?: (RecordMetadata | null)[] | null;
  readonly documents?: (string | null)[] | null;
  readonly embeddings?: number[][] | null;
}

interface NeighboursAnswer {
  readonly ids: string[][];
  readonly distances: (number | null)[][];
  readonly documents: (string | null)[][];
  readonly metadatas: (RecordMetadata | null)[][];
}

/** A Chroma directory holds several collections, and none of the name that is wanted. */
export class AmbiguousCollection extends Error {
  override readonly name = 'AmbiguousCollection';
}

/** SQLite's limit of variables is far above; smaller lists keep the server's queries short. */
const IDS_PER_READ = 1000;
const IMAGES_PER_READ = 100;

/** What the embedded server takes well in one request; fewer make it read its unsynced log again and again. */
const RECORDS_PER_WRITE = 2000;

/** Opens the collection of this name; undefined when the database has none. */
export async function openChromaCollection(
  database: ChromaDatabase,
  name: string,
  recordsPerWrite = RECORDS_PER_WRITE,
): Promise<ChromaCollection | undefined> {
  const found = await unlessMissing(database.get<CollectionAnswer>(`collections/${name}`));
  return found && chromaCollection(database, found, recordsPerWrite);
}

/**
 * Gives a collection another name, which must be free. Whatever is not a success is read back before it is called a
 * failure: the answer may have been lost.
 *
 * @throws {Error} when another collection has the name.
 */
export async function renameChromaCollection(
  database: ChromaDatabase,
  { id, name: before }: ChromaCollection,
  name: string,
): Promise<void> {
  try {
    await database.put(`collections/${id}`, { new_name: name });
  } catch (error) {
    const found = await unlessMissing(database.get<CollectionAnswer>(`collections/${name}`));
    if (found === undefined) throw error;
    if (found.id === id) return;
    throw new Error(
      `The Chroma server has another collection ${name}, so that ${before} could not get that name. ` +
        'Rename the other one, or delete it when nobody needs it.',
      { cause: error },
    );
  }
}

/** Removes a collection with all of its records, if there is one. Who still writes to it is refused. */
export async function dropChromaCollection(database: ChromaDatabase, name: string): Promise<void> {
  await unlessMissing(database.delete(`collections/${name}`));
}

const unlessMissing = <Answer>(answer: Promise<Answer>): Promise<Answer | undefined> =>
  answer.catch((error: unknown) => {
    if (error instanceof ChromaRefusal && error.status === 404) return undefined;
    throw error;
  });

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

/** All records of a collection, whole, in pages; their metadata as Chroma wrote it, so that a copy keeps its types. */
export async function* pagesOf({
  page,
  byIds,
}: Pick<ChromaCollection, 'page' | 'byIds'>): AsyncGenerator<ExactRecord[]> {
  for (let offset = 0; ; offset += RECORDS_PER_PAGE) {
    const records = await page(offset, RECORDS_PER_PAGE);
    const exact = new Map((await byIds(records.map(({ id }) => id))).map((each) => [each.id, each]));
    yield records.map((record) => ({ ...record, ...exact.get(record.id) }));
    if (records.length < RECORDS_PER_PAGE) return;
  }
}

/** What a remote server gives at once. */
const METADATA_PER_PAGE = 300;

/** The metadata of all records, in pages. */
export async function* metadataOf({
  metadataPage,
}: Pick<ChromaCollection, 'metadataPage'>): AsyncGenerator<StoredMetadata[]> {
  for (let offset = 0; ; offset += METADATA_PER_PAGE) {
    const page = await metadataPage(offset, METADATA_PER_PAGE);
    yield page;
    if (page.length < METADATA_PER_PAGE) return;
  }
}

/**
 * Twice Chroma's defaults (16, 100, 100). With these, 2 in 100 records whose texts are nearly equally far from each
 * other were not found by their own vector, with twice of them none of 2,850; a record takes 128 bytes more. Chroma
 * Cloud has an index of another kind and takes the space alone.
 */
const INDEX = { max_neighbors: 32, ef_construction: 200, ef_search: 200 } as const;

/** Says in a collection's own metadata which creation it came of. Chroma gives it an id that nobody can know before. */
const CREATION_KEY = 'created_by_chroma_pipeline';
/**
 * Says there whose it is. It is written with the collection alone: Chroma takes new metadata as a whole and on no
 * condition, so that a note that comes later may write over what another program has written there.
 */
const OWNER_KEY = 'chroma_pipeline_bucket';

/**
 * Creates the collection, which must not exist. Where one does, it may have been created by the same request, whose
 * answer was lost: then it is the one that was asked for.
 *
 * @throws {Error} when it is another one.
 */
export async function createChromaCollection(
  database: ChromaDatabase,
  name: string,
  space: DistanceSpace,
  recordsPerWrite = RECORDS_PER_WRITE,
): Promise<ChromaCollection> {
  const creation = randomUUID();
  const request = {
    name,
    metadata: {
      [CREATION_KEY]: creation,
      ...(database.owner !== undefined && { [OWNER_KEY]: database.owner }),
    },
    configuration: { hnsw: { space, ...INDEX } },
  };
  const created = await database
    .post<CollectionAnswer>('collections', request)
    .catch(async (error: unknown) => {
      const found = await unlessMissing(database.get<CollectionAnswer>(`collections/${name}`));
      if (found === undefined) throw error;
      if (found.metadata?.[CREATION_KEY] === creation) return found;
      throw new Error(
        `Another program created a collection ${name} on the Chroma server meanwhile. ` +
          'Rename it, or delete it when nobody needs it.',
        { cause: error },
      );
    });
  return chromaCollection(database, created, recordsPerWrite);
}

function chromaCollection(
  database: ChromaDatabase,
  { id, name, metadata, configuration_json: configuration }: CollectionAnswer,
  recordsPerWrite = RECORDS_PER_WRITE,
): ChromaCollection {
  const path = (operation: string) => `collections/${id}/${operation}`;
  const recordsPerRead = Math.min(IDS_PER_READ, recordsPerWrite);
  const get = async (body: object, include: readonly string[] = ['metadatas', 'documents']) =>
    storedRecords(await database.post<RecordsAnswer>(path('get'), { ...body, include }, parseExactly));
  const ofImages = async (images: readonly string[]) => {
    const where = { image_id: { $in: images.flatMap(imageSpellings) } };
    const found: StoredRecord[] = [];
    // A remote server gives a page at most, and says nothing of the rest.
    for (;;) {
      const page = await get({ where, offset: found.length, limit: recordsPerRead });
      found.push(...page);
      if (page.length < recordsPerRead) return found;
    }
  };
  /** @param columns - the rest of a request for some records. */
  const send = <Each extends { readonly id: string }>(
    operation: 'add' | 'upsert' | 'update',
    slice: readonly Each[],
    columns: (some: readonly Each[]) => object,
  ) =>
    sendHalving(slice, (some) => {
      const ids = some.map((record) => record.id);
      return database.post(path(operation), { ids, ...columns(some) }).catch((error: unknown) => {
        throw error instanceof ChromaRefusal ? error.about(ids) : error;
      });
    });
  const write = async (operation: 'add' | 'upsert', records: readonly RecordUpdate[]) => {
    for (const slice of requestSlices(records, recordsPerWrite, requestBytes)) {
      await send(operation, slice, (some) => ({
        embeddings: some.map(({ embedding }) => base64(embedding)),
        documents: some.map(({ document }) => document),
        metadatas: some.map(({ metadata, contentHash }) => ({
          ...withFloats(metadata),
          [CONTENT_HASH_KEY]: contentHash,
        })),
      }));
    }
  };

  const owner = metadata?.[OWNER_KEY];
  return {
    id,
    name,
    owner: typeof owner === 'string' ? owner : undefined,
    isShared: database.isShared,
    recordLimits: database.recordLimits,
    space: distanceSpaceSchema.parse(configuration?.hnsw?.space ?? configuration?.spann?.space ?? 'l2'),
    count: () => database.get<number>(path('count')),
    async byIds(ids) {
      const found: StoredRecord[] = [];
      for (const some of slices(ids, recordsPerRead)) {
        found.push(...(await sendHalving(some, (ids) => get({ ids }))).flat());
      }
      return found;
    },
    async metadata(ids) {
      const found = new Map<string, RecordMetadata>();
      for (const some of slices(ids, recordsPerRead)) {
        const answers = await sendHalving(some, (each) =>
          database.post<RecordsAnswer>(path('get'), { ids: each, include: ['metadatas'] }),
        );
        for (const { id, metadata } of answers.flatMap(storedRecords)) found.set(id, metadata);
      }
      return found;
    },
    async byImages(imageIds) {
      const found: StoredRecord[] = [];
      for (const some of slices(imageIds, IMAGES_PER_READ)) {
        found.push(...(await sendHalving(some, ofImages)).flat());
      }
      return found;
    },
    metadataPage: (offset, limit) => get({ offset, limit }, ['metadatas']),
    async page(offset, limit) {
      const include = ['metadatas', 'documents', 'embeddings'];
      const answer = await database.post<RecordsAnswer>(path('get'), { offset, limit, include });
      return storedRecords(answer).map((record, index) => ({
        ...record,
        document: record.document ?? '',
        embedding: Float32Array.from(answer.embeddings?.[index] ?? []),
      }));
    },
    add: (records) => write('add', records),
    async copy(records) {
      for (const slice of requestSlices(records, recordsPerWrite, requestBytes)) {
        await send('add', slice, (some) => ({
          embeddings: some.map(({ embedding }) => base64(embedding)),
          documents: some.map(({ document }) => document),
          metadatas: some.map(({ metadata }) => (Object.keys(metadata).length === 0 ? null : metadata)),
        }));
      }
    },
    update: (records) => write('upsert', records),
    async updateMetadata(records) {
      // What else the caller knows of a record is not sent.
      const written = records.map((record) => ({ id: record.id, metadata: withFloats(record.metadata) }));
      const bytesOf = (record: object) => Buffer.byteLength(stringifyExactly(record));
      for (const slice of requestSlices(written, recordsPerWrite, bytesOf)) {
        await send('update', slice, (some) => ({ metadatas: some.map(({ metadata }) => metadata) }));
      }
    },
    async updateVectors(records) {
      const written = records.map(({ id, embedding }) => ({ id, embedding: base64(embedding) }));
      for (const slice of requestSlices(written, recordsPerWrite, ({ embedding }) => embedding.length)) {
        await send('update', slice, (some) => ({ embeddings: some.map(({ embedding }) => embedding) }));
      }
    },
    async delete(ids) {
      for (const some of slices(ids, recordsPerRead)) {
        await sendHalving(some, (each) => database.post(path('delete'), { ids: each }));
      }
    },
    async vectors(ids) {
      const found = new Map<string, Float32Array>();
      for (const some of slices(ids, recordsPerRead)) {
        const include = ['embeddings'];
        const answers = await sendHalving(some, (each) =>
          database.post<RecordsAnswer>(path('get'), { ids: each, include }),
        );
        for (const answer of answers) {
          for (const [index, ofRecord] of answer.ids.entries()) {
            found.set(ofRecord, Float32Array.from(answer.embeddings?.[index] ?? []));
          }
        }
      }
      return found;
    },
    async nearest(embeddings, count) {
      if (embeddings.length === 0) return [];
      const answers = await sendHalving(embeddings, (some) =>
        database.post<NeighboursAnswer>(path('query'), {
          query_embeddings: some.map((embedding) => Array.from(embedding)),
          n_results: count,
          include: ['distances', 'documents', 'metadatas'],
        }),
      );
      return answers.flatMap(neighbours);
    },
  };
}

const storedRecords = ({ ids, metadatas, documents }: RecordsAnswer): StoredRecord[] =>
  ids.map((id, index) => ({
    id,
    document: documents?.[index] ?? null,
    metadata: metadatas?.[index] ?? {},
  }));

const neighbours = ({ ids, distances, documents, metadatas }: NeighboursAnswer): Neighbour[][] =>
  ids.map((row, of) =>
    row.map((id, index) => ({
      id,
      distance: distances[of]?.[index] ?? Number.POSITIVE_INFINITY,
      document: documents[of]?.[index] ?? '',
      metadata: metadatas[of]?.[index] ?? {},
    })),
  );

const base64 = ({ buffer, byteOffset, byteLength }: Float32Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('base64');

/** About what a record takes in a request. Bytes. */
const requestBytes = ({
  id,
  document,
  metadata,
  embedding,
}: Omit<RecordUpdate, 'contentHash' | 'document'> & Pick<ExactRecord, 'document'>): number =>
  Buffer.byteLength(JSON.stringify({ id, document, metadata })) + 1.4 * embedding.byteLength;
