import { isDeepStrictEqual } from 'node:util';
import type { AttributeMap, Change, Engine, EngineOperation, Input, Output } from './engine';
import { DynamoDbError, dynamoDbError, validation } from './errors';

/** DynamoDB's own bound on one transaction. */
const MOST_ITEMS = 100;
/** DynamoDB remembers a request token for ten minutes. */
const TOKEN_LIFETIME_MS = 10 * 60_000;

interface Step {
  readonly operation: EngineOperation;
  readonly input: Input;
  readonly writes: boolean;
  readonly table: string;
  readonly key: AttributeMap;
  readonly returnsItem: boolean;
}
interface Reason {
  readonly Code: string;
  readonly Message?: string;
  readonly Item?: AttributeMap;
}

const OPERATION: Readonly<Record<string, EngineOperation>> = {
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  // Its condition is checked as a Delete's would be; nothing is deleted.
  ConditionCheck: 'DeleteItem',
};

/**
 * TransactWriteItems and TransactGetItems over an engine. The caller sees to it that nothing else runs
 * meanwhile: then checking every condition first, and undoing all on a late error, is all that atomicity takes.
 */
export class Transactions {
  readonly #engine: Engine;
  readonly #tokens = new Map<string, { readonly items: unknown; readonly at: number }>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** @returns the changes that were made. @throws {DynamoDbError} `TransactionCanceledException` with all reasons. */
  async write({ TransactItems, ClientRequestToken }: Input): Promise<readonly Change[]> {
    const items = itemsOf(TransactItems);
    if (this.#isRepeated(ClientRequestToken, items)) return [];
    const steps = await Promise.all(items.map((item) => this.#step(item)));
    refuseDuplicates(steps);

    const reasons = await Promise.all(steps.map((step) => this.#reasonAgainst(step)));
    if (reasons.some(({ Code }) => Code !== 'None')) throw cancelled(reasons);

    const changes = await this.#engine.collecting(async () => {
      for (const [index, { operation, input, writes }] of steps.entries()) {
        if (!writes) continue;
        try {
          await this.#engine.execute(operation, input);
        } catch (error) {
          if (!(error instanceof DynamoDbError)) throw error;
          throw cancelled(
            steps.map((_, at) =>
              at === index ? { Code: 'ValidationError', Message: error.message } : { Code: 'None' },
            ),
          );
        }
      }
    });
    if (typeof ClientRequestToken === 'string')
      this.#tokens.set(ClientRequestToken, { items, at: Date.now() });
    return changes;
  }

  async read({ TransactItems }: Input): Promise<Output> {
    const reads = itemsOf(TransactItems).map((item) => item.Get as Input);
    const found = await Promise.all(
      reads.map((get) => this.#engine.execute('GetItem', { ...get, ConsistentRead: true })),
    );
    return { Responses: found.map(({ Item }) => (Item === undefined ? {} : { Item })) };
  }

  #isRepeated(token: unknown, items: unknown): boolean {
    const seen = typeof token === 'string' ? this.#tokens.get(token) : undefined;
    if (seen === undefined || Date.now() - seen.at > TOKEN_LIFETIME_MS) return false;
    if (isDeepStrictEqual(seen.items, items)) return true;
    throw dynamoDbError(
      'IdempotentParameterMismatchException',
      'The request uses the same client token as a previous, but non-identical request.',
    );
  }

  async #step(item: Input): Promise<Step> {
    const [kind = '', value] = Object.entries(item)[0] ?? [];
    const operation = OPERATION[kind];
    if (operation === undefined) throw validation(`TransactItems holds an unknown action: ${kind}`);
    const { ReturnValuesOnConditionCheckFailure, ...input } = value as Input;
    const table = String(input.TableName);
    const key = (input.Key ?? (await this.#engine.keyOf(table, input.Item as AttributeMap))) as AttributeMap;
    const returnsItem = ReturnValuesOnConditionCheckFailure === 'ALL_OLD';
    return { operation, input, writes: kind !== 'ConditionCheck', table, key, returnsItem };
  }

  async #reasonAgainst({ operation, input, table, key, returnsItem }: Step): Promise<Reason> {
    const item = await this.#engine.read(table, key);
    if (this.#engine.passes(operation, input, item)) return { Code: 'None' };
    return {
      Code: 'ConditionalCheckFailed',
      Message: 'The conditional request failed',
      ...(returnsItem && item && { Item: item }),
    };
  }
}

function itemsOf(items: unknown): Input[] {
  if (Array.isArray(items) && items.length > 0 && items.length <= MOST_ITEMS) return items;
  throw validation(`Member must have length between 1 and ${MOST_ITEMS}: TransactItems`);
}

function refuseDuplicates(steps: readonly Step[]): void {
  const seen = new Set<string>();
  for (const { table, key } of steps) {
    const name = JSON.stringify([table, Object.entries(key).sort()]);
    if (seen.has(name)) {
      throw validation('Transaction request cannot include multiple operations on one item');
    }
    seen.add(name);
  }
}

const cancelled = (reasons: readonly Reason[]): DynamoDbError =>
  dynamoDbError(
    'TransactionCanceledException',
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${reasons.map(({ Code }) => Code).join(', ')}]`,
    { CancellationReasons: reasons },
  );
