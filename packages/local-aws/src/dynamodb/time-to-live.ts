import type { AttributeMap, Engine, Input, Output } from './engine';

/** The attribute that holds an item's expiry, by table: seconds since 1970. */
export class TimeToLive {
  readonly #attributes = new Map<string, string>();

  update({ TableName, TimeToLiveSpecification }: Input): Output {
    const { Enabled, AttributeName } = TimeToLiveSpecification as { Enabled: boolean; AttributeName: string };
    if (Enabled) this.#attributes.set(String(TableName), AttributeName);
    else this.#attributes.delete(String(TableName));
    return { TimeToLiveSpecification };
  }

  describe({ TableName }: Input): Output {
    const AttributeName = this.#attributes.get(String(TableName));
    return {
      TimeToLiveDescription:
        AttributeName === undefined
          ? { TimeToLiveStatus: 'DISABLED' }
          : { TimeToLiveStatus: 'ENABLED', AttributeName },
    };
  }

  forget(table: string): void {
    this.#attributes.delete(table);
  }

  /** Deletes what has expired. AWS takes up to days for it; a local run should see it at once. */
  async sweep(engine: Engine, now = Math.floor(Date.now() / 1000)): Promise<void> {
    for (const [table, attribute] of this.#attributes) {
      const { Items } = await engine.execute('Scan', {
        TableName: table,
        FilterExpression: '#expiry < :now',
        ExpressionAttributeNames: { '#expiry': attribute },
        ExpressionAttributeValues: { ':now': { N: String(now) } },
      });
      for (const item of Items as AttributeMap[]) {
        await engine.execute('DeleteItem', { TableName: table, Key: await engine.keyOf(table, item) });
      }
    }
  }
}
