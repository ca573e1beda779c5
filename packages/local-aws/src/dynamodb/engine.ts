import { errorFrom, validation } from './errors';

/** A DynamoDB value or item as the wire has it: `{ S: '…' }`, `{ M: {…} }`. */
export type AttributeMap = Readonly<Record<string, unknown>>;
export type Input = Record<string, unknown>;
export type Output = Record<string, unknown>;

/** One change of one item. `before` or `after` is absent when the item did not exist. */
export interface Change {
  readonly table: string;
  readonly key: AttributeMap;
  readonly before?: AttributeMap;
  readonly after?: AttributeMap;
}

/* What is used of dynalite's inner modules, which have no types; its version is pinned exactly. */
type Callback<T> = (error: unknown, value?: T) => void;
interface ItemStore {
  get(key: string, callback: Callback<AttributeMap>): void;
  put(key: string, item: AttributeMap, callback: Callback<void>): void;
  del(key: string, callback: Callback<void>): void;
}
interface TableMetadata {
  readonly KeySchema: readonly { AttributeName: string; KeyType: string }[];
}
interface Store {
  getItemDb(table: string): ItemStore;
  getTable(table: string, mustBeActive: boolean, callback: Callback<TableMetadata>): void;
}
interface Validation {
  readonly types: object;
  readonly custom?: unknown;
}
const database = require('dynalite/db') as {
  create(options: Readonly<Record<string, number>>): Store;
  checkConditional(input: Input, item?: AttributeMap): Error | null | undefined;
  createKey(key: AttributeMap, table: TableMetadata): string;
  validateKey(key: unknown, table: TableMetadata): Error | null | undefined;
};
const validations = require('dynalite/validations') as {
  checkTypes(input: Input, types: object): Input;
  checkValidations(input: Input, types: object, custom: unknown, store: Store): void;
};

const OPERATIONS = [
  'BatchGetItem',
  'BatchWriteItem',
  'CreateTable',
  'DeleteItem',
  'DeleteTable',
  'DescribeTable',
  'GetItem',
  'ListTables',
  'ListTagsOfResource',
  'PutItem',
  'Query',
  'Scan',
  'TagResource',
  'UntagResource',
  'UpdateItem',
  'UpdateTable',
] as const;
export type EngineOperation = (typeof OPERATIONS)[number];
export const isEngineOperation = (name: string): name is EngineOperation =>
  (OPERATIONS as readonly string[]).includes(name);

const innerModule = (folder: 'actions' | 'validations', operation: EngineOperation): unknown =>
  require(`dynalite/${folder}/${operation.charAt(0).toLowerCase()}${operation.slice(1)}`);

/**
 * dynalite's storage and operations, called in this process, with every change of an item told to a listener:
 * its streams and transactions are built on that. dynalite's own HTTP server is not used, since each write
 * would take three requests to it.
 */
export class Engine {
  readonly #store = database.create({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  readonly #observed = new WeakSet<ItemStore>();
  #listener: (change: Change) => void = () => {};

  constructor() {
    const original = this.#store.getItemDb.bind(this.#store);
    this.#store.getItemDb = (table) => this.#observe(table, original(table));
  }

  /** Every later change goes to `listener`, in the order in which the items changed. */
  onChange(listener: (change: Change) => void): void {
    this.#listener = listener;
  }

  /** Collects the changes that `work` makes instead of telling them; when it throws, they are all undone. */
  async collecting(work: () => Promise<void>): Promise<Change[]> {
    const collected: Change[] = [];
    const listener = this.#listener;
    this.#listener = (change) => collected.push(change);
    try {
      await work();
    } catch (error) {
      this.#listener = () => {};
      for (const change of collected.reverse()) await this.#restore(change);
      throw error;
    } finally {
      this.#listener = listener;
    }
    return collected;
  }

  /** Runs one operation of dynalite's. @throws {DynamoDbError} as DynamoDB would answer. */
  async execute(operation: EngineOperation, input: Input): Promise<Output> {
    const checked = this.#check(operation, input);
    const action = innerModule('actions', operation) as (
      store: Store,
      input: Input,
      callback: Callback<Output>,
    ) => void;
    return promised<Output>((callback) => action(this.#store, checked, callback), {});
  }

  /** The item under a key, or undefined. */
  async read(table: string, key: unknown): Promise<AttributeMap | undefined> {
    const { Item } = await this.execute('GetItem', { TableName: table, Key: key, ConsistentRead: true });
    return Item as AttributeMap | undefined;
  }

  /** The primary key's attributes of an item of a table. */
  async keyOf(table: string, item: AttributeMap): Promise<AttributeMap> {
    return keyAttributes(await this.#describe(table), item);
  }

  /**
   * Whether the item would pass a write's condition, without writing.
   *
   * @throws {DynamoDbError} when the write itself is not valid.
   */
  passes(operation: EngineOperation, input: Input, item: AttributeMap | undefined): boolean {
    return database.checkConditional(this.#check(operation, input), item) == null;
  }

  #check(operation: EngineOperation, input: Input): Input {
    const { types, custom } = innerModule('validations', operation) as Validation;
    try {
      const checked = validations.checkTypes(structuredClone(input), types);
      validations.checkValidations(checked, types, custom, this.#store);
      return checked;
    } catch (error) {
      throw errorFrom(error);
    }
  }

  async #describe(table: string): Promise<TableMetadata> {
    const found = await promised<TableMetadata | undefined>(
      (callback) => this.#store.getTable(table, false, callback),
      undefined,
    );
    if (found === undefined) throw validation(`The table ${table} has no description.`);
    return found;
  }

  #observe(table: string, items: ItemStore): ItemStore {
    if (this.#observed.has(items)) return items;
    this.#observed.add(items);
    const { get, put, del } = items;
    const tell = async (before?: AttributeMap, after?: AttributeMap) => {
      const item = after ?? before;
      if (item === undefined) return;
      const key = keyAttributes(await this.#describe(table), item);
      this.#listener({ table, key, ...(before && { before }), ...(after && { after }) });
    };
    const around = (
      write: (callback: Callback<void>) => void,
      key: string,
      after: AttributeMap | undefined,
    ) =>
      promised<AttributeMap | undefined>(
        (done) => get.call(items, key, (_absent, item) => done(null, item)),
        undefined,
      ).then(async (before) => {
        await promised<void>(write, undefined);
        await tell(before, after);
      });
    items.put = (key, item, callback) => {
      around((done) => put.call(items, key, item, done), key, item).then(() => callback(null), callback);
    };
    items.del = (key, callback) => {
      around((done) => del.call(items, key, done), key, undefined).then(() => callback(null), callback);
    };
    return items;
  }

  async #restore({ table, key, before }: Change): Promise<void> {
    if (before) await this.execute('PutItem', { TableName: table, Item: before });
    else await this.execute('DeleteItem', { TableName: table, Key: key });
  }
}

const keyAttributes = ({ KeySchema }: TableMetadata, item: AttributeMap): AttributeMap =>
  Object.fromEntries(KeySchema.map(({ AttributeName }) => [AttributeName, item[AttributeName]]));

const promised = <T>(call: (callback: Callback<T>) => void, absent: T): Promise<T> =>
  new Promise((resolve, reject) => {
    call((error, value) => (error ? reject(errorFrom(error)) : resolve(value ?? absent)));
  });
