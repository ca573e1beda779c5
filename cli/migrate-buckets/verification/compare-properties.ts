/** What an object carries beside its bytes, as far as a copy keeps it. */
export interface Properties {
  /** By the name of the header; absent ones are undefined. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
}

/**
 * How the properties differ, in one sentence; undefined when they do not. What the destination has more of tags is
 * no difference: the pipeline tags the deltas that a snapshot covers. Pure.
 *
 * @param withoutTags - names of tags that the copy was made without.
 */
export function compareProperties(
  source: Properties,
  destination: Properties,
  withoutTags: readonly string[] = [],
): string | undefined {
  const differing = [
    ...differences(source.headers, destination.headers),
    ...differences(source.metadata, destination.metadata).map((name) => `metadata ${name}`),
    ...Object.entries(source.tags).flatMap(([name, value]) =>
      destination.tags[name] === value || withoutTags.includes(name) ? [] : [`tag ${name}`],
    ),
  ];
  return differing.length === 0
    ? undefined
    : `Its content is the same at the destination, but not its ${differing.join(', ')}.`;
}

type Values = Readonly<Record<string, string | undefined>>;

const differences = (source: Values, destination: Values): string[] =>
  [...new Set([...Object.keys(source), ...Object.keys(destination)])].filter(
    (name) => source[name] !== destination[name],
  );
