interface Client {
  send(command: never): Promise<unknown>;
}

export interface Command {
  readonly input: { readonly Key?: unknown; readonly UpdateExpression?: string };
}

/**
 * A client that goes on as it is, but hands each request to `around` first.
 *
 * @param around - passes the request on with `send`, or throws in its place.
 */
export const intercepted = <Sdk extends Client>(
  client: Sdk,
  around: (command: Command, send: () => Promise<unknown>) => Promise<unknown>,
): Sdk =>
  Object.assign(Object.create(client), {
    send: (command: Command) => around(command, () => client.send(command as never)),
  });
