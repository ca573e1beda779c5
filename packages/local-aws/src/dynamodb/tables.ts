import type { Engine, Input, Output } from './engine';
import { dynamoDbError, validation } from './errors';
import type { Streams, StreamViewType } from './streams';

interface StreamSpecification {
  readonly StreamEnabled: boolean;
  readonly StreamViewType?: StreamViewType;
}
interface Description {
  readonly TableName: string;
  readonly TableArn: string;
  readonly TableStatus: string;
  readonly KeySchema: unknown;
}

/** What dynalite does not know about tables: streams, deletion protection and point-in-time recovery. */
export class Tables {
  readonly #engine: Engine;
  readonly #streams: Streams;
  readonly #protected = new Set<string>();
  readonly #recoverable = new Set<string>();

  constructor(engine: Engine, streams: Streams) {
    this.#engine = engine;
    this.#streams = streams;
  }

  async create({ StreamSpecification, DeletionProtectionEnabled, ...input }: Input): Promise<Output> {
    const { TableDescription } = await this.#engine.execute('CreateTable', input);
    const description = TableDescription as Description;
    this.#applyStream(description, StreamSpecification);
    if (DeletionProtectionEnabled === true) this.#protected.add(description.TableName);
    await this.#untilActive(description.TableName);
    return { TableDescription: this.#complete(description) };
  }

  async describe(input: Input): Promise<Output> {
    return { Table: this.#complete(await this.#describe(input.TableName)) };
  }

  async update({ StreamSpecification, DeletionProtectionEnabled, ...input }: Input): Promise<Output> {
    const table = await this.#describe(input.TableName);
    this.#applyStream(table, StreamSpecification);
    if (DeletionProtectionEnabled === true) this.#protected.add(table.TableName);
    if (DeletionProtectionEnabled === false) this.#protected.delete(table.TableName);
    const { TableName, AttributeDefinitions: _definitions, ...changes } = input;
    if (Object.keys(changes).length > 0) await this.#engine.execute('UpdateTable', input);
    await this.#untilActive(TableName);
    return { TableDescription: this.#complete(await this.#describe(TableName)) };
  }

  async delete(input: Input): Promise<Output> {
    const name = String(input.TableName);
    if (this.#protected.has(name)) {
      throw validation(`Resource cannot be deleted as it is currently protected against deletion: ${name}`);
    }
    const output = await this.#engine.execute('DeleteTable', input);
    this.#streams.disable(name);
    this.#recoverable.delete(name);
    await this.#untilGone(name);
    return output;
  }

  async updateContinuousBackups(input: Input): Promise<Output> {
    const { PointInTimeRecoveryEnabled } = input.PointInTimeRecoverySpecification as Input;
    const { TableName } = await this.#describe(input.TableName);
    if (PointInTimeRecoveryEnabled === true) this.#recoverable.add(TableName);
    else this.#recoverable.delete(TableName);
    return this.describeContinuousBackups(input);
  }

  async describeContinuousBackups(input: Input): Promise<Output> {
    const { TableName } = await this.#describe(input.TableName);
    const PointInTimeRecoveryStatus = this.#recoverable.has(TableName) ? 'ENABLED' : 'DISABLED';
    return {
      ContinuousBackupsDescription: {
        ContinuousBackupsStatus: 'ENABLED',
        PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus },
      },
    };
  }

  async #describe(name: unknown): Promise<Description> {
    const { Table } = await this.#engine.execute('DescribeTable', { TableName: name });
    return Table as Description;
  }

  /** dynalite changes a table's state in the background; whoever asked may use the table at once. */
  async #untilActive(name: unknown): Promise<void> {
    while ((await this.#describe(name)).TableStatus !== 'ACTIVE') {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async #untilGone(name: string): Promise<void> {
    const { TableNames } = await this.#engine.execute('ListTables', {});
    if (!(TableNames as string[]).includes(name)) return;
    await new Promise((resolve) => setImmediate(resolve));
    await this.#untilGone(name);
  }

  #applyStream({ TableName, TableArn, KeySchema }: Description, specification: unknown): void {
    if (specification == null) return;
    const { StreamEnabled, StreamViewType } = specification as StreamSpecification;
    if (!StreamEnabled) this.#streams.disable(TableName);
    else if (StreamViewType === undefined) {
      throw dynamoDbError('ValidationException', 'StreamViewType is required when StreamEnabled is true');
    } else this.#streams.enable({ name: TableName, arn: TableArn, keySchema: KeySchema }, StreamViewType);
  }

  #complete(description: Description): Output {
    const stream = this.#streams.latest(description.TableName);
    return {
      ...description,
      DeletionProtectionEnabled: this.#protected.has(description.TableName),
      ...(stream && { LatestStreamArn: stream.arn, LatestStreamLabel: stream.label }),
      ...(stream?.enabled && {
        StreamSpecification: { StreamEnabled: true, StreamViewType: stream.view },
      }),
    };
  }
}
