import { Engine, type Input, isEngineOperation, type Output } from './engine';
import { DynamoDbError, dynamoDbError } from './errors';
import { Streams } from './streams';
import { Tables } from './tables';
import { TimeToLive } from './time-to-live';
import { Transactions } from './transactions';

type Operation = (input: Input) => Output | Promise<Output>;

/** DynamoDB and DynamoDB Streams: which operation is answered by which part. */
export class DynamoDbService {
  readonly #engine = new Engine();
  readonly #streams: Streams;
  readonly #timeToLive = new TimeToLive();
  readonly #operations: Readonly<Record<string, Operation>>;
  readonly #streamOperations: Readonly<Record<string, Operation>>;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(region: string) {
    const streams = new Streams(region);
    const tables = new Tables(this.#engine, streams);
    const transactions = new Transactions(this.#engine);
    this.#streams = streams;
    this.#engine.onChange((change) => streams.record(change));
    this.#operations = {
      CreateTable: (input) => tables.create(input),
      DescribeTable: (input) => tables.describe(input),
      UpdateTable: (input) => tables.update(input),
      DeleteTable: async (input) => {
        const output = await tables.delete(input);
        this.#timeToLive.forget(String(input.TableName));
        return output;
      },
      UpdateContinuousBackups: (input) => tables.updateContinuousBackups(input),
      DescribeContinuousBackups: (input) => tables.describeContinuousBackups(input),
      UpdateTimeToLive: (input) => this.#timeToLive.update(input),
      DescribeTimeToLive: (input) => this.#timeToLive.describe(input),
      TransactWriteItems: async (input) => {
        for (const change of await transactions.write(input)) streams.record(change);
        return {};
      },
      TransactGetItems: (input) => transactions.read(input),
      PutItem: (input) => this.#write('PutItem', input),
      UpdateItem: (input) => this.#write('UpdateItem', input),
      DeleteItem: (input) => this.#write('DeleteItem', input),
    };
    this.#streamOperations = {
      ListStreams: (input) => streams.listStreams(input),
      DescribeStream: (input) => streams.describeStream(input),
      GetShardIterator: (input) => streams.getShardIterator(input),
      GetRecords: (input) => streams.getRecords(input),
    };
  }

  /**
   * Answers one request; one at a time, so that a transaction is alone.
   *
   * @param target - the header `X-Amz-Target`, e.g. `DynamoDB_20120810.PutItem`.
   * @throws {DynamoDbError} as the service would answer; status 501 for what is not built.
   */
  answer(target: string, input: Input): Promise<Output> {
    const [service = '', name = ''] = target.split('.');
    const operation = service.startsWith('DynamoDBStreams')
      ? this.#streamOperations[name]
      : (this.#operations[name] ??
        (isEngineOperation(name) ? (given: Input) => this.#engine.execute(name, given) : undefined));
    if (operation === undefined) {
      const message = `The local DynamoDB does not know ${target || 'a request without X-Amz-Target'}.`;
      return Promise.reject(new DynamoDbError({ __type: 'NotImplemented', message }, 501));
    }
    return this.#alone(async () => operation(input));
  }

  /** Deletes what has expired, with the mark in the stream that tells expiry from a user's deletion. */
  expire(): Promise<void> {
    return this.#alone(async () => {
      const changes = await this.#engine.collecting(() => this.#timeToLive.sweep(this.#engine));
      for (const change of changes) this.#streams.record(change, true);
    });
  }

  /** dynalite does not know `ReturnValuesOnConditionCheckFailure`. */
  async #write(name: 'PutItem' | 'UpdateItem' | 'DeleteItem', given: Input): Promise<Output> {
    const { ReturnValuesOnConditionCheckFailure, ...input } = given;
    try {
      return await this.#engine.execute(name, input);
    } catch (error) {
      const failed = error instanceof DynamoDbError && error.type === 'ConditionalCheckFailedException';
      if (!failed || ReturnValuesOnConditionCheckFailure !== 'ALL_OLD') throw error;
      const table = String(input.TableName);
      const key = input.Key ?? (await this.#engine.keyOf(table, input.Item as Input));
      const Item = await this.#engine.read(table, key);
      throw dynamoDbError('ConditionalCheckFailedException', error.message, Item && { Item });
    }
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(work, work);
    this.#tail = result.catch(() => {});
    return result;
  }
}
