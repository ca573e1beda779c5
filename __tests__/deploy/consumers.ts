import {
  type EventSourceMappingConfiguration,
  type LambdaClient,
  paginateListEventSourceMappings,
} from '@aws-sdk/client-lambda';

/** All event source mappings of the account. */
export async function mappings(lambda: LambdaClient): Promise<EventSourceMappingConfiguration[]> {
  const found: EventSourceMappingConfiguration[] = [];
  for await (const page of paginateListEventSourceMappings({ client: lambda }, {})) {
    found.push(...(page.EventSourceMappings ?? []));
  }
  return found;
}

/** What consumed a source at one look. A mapping that is on its way in or out may still consume. */
const isConsuming = ({ State }: EventSourceMappingConfiguration): boolean => State !== 'Disabled';

/** The names of the functions that consume each source, by the source's ARN. */
export async function consumers(lambda: LambdaClient): Promise<Map<string, string[]>> {
  const bySource = new Map<string, string[]>();
  for (const mapping of (await mappings(lambda)).filter(isConsuming)) {
    const source = String(mapping.EventSourceArn);
    const name = String(mapping.FunctionArn).split(':').at(6) ?? '';
    bySource.set(source, [...(bySource.get(source) ?? []), name]);
  }
  return bySource;
}

export interface ConsumerWatch {
  /** The most consumers that any one source had at one look. */
  readonly most: number;
  /** How often was looked. */
  readonly looks: number;
}

/** Looks at the consumers again and again while `change` runs, and says the worst that it saw. */
export async function watchConsumers(
  lambda: LambdaClient,
  change: () => Promise<void>,
): Promise<ConsumerWatch> {
  let done = false;
  let most = 0;
  let looks = 0;
  const watching = (async () => {
    while (!done) {
      const counts = [...(await consumers(lambda)).values()].map(({ length }) => length);
      most = Math.max(most, ...counts);
      looks += 1;
    }
  })();
  try {
    await change();
  } finally {
    done = true;
    await watching;
  }
  return { most, looks };
}
