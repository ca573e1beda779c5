/** A deployed Lambda as `ListFunctions` shows it. */
export interface DeclaredFunction {
  readonly name: string;
  /** @default - it is in every region */
  readonly region?: string;
  readonly environment: Readonly<Record<string, string>>;
  /**
   * What Lambda answers in place of the environments, of all versions, to a caller who may not decrypt them with
   * their KMS key. @default - the caller may
   */
  readonly environmentError?: { readonly code: string; readonly message: string };
  /** Published versions with the environment that each froze. @default - only `$LATEST` */
  readonly versions?: readonly {
    readonly version: string;
    readonly environment: Readonly<Record<string, string>>;
  }[];
  /** @default - no aliases */
  readonly aliases?: readonly { readonly name: string; readonly version: string }[];
}

export interface DeclaredStateMachine {
  readonly name: string;
  /** @default - it is in every region */
  readonly region?: string;
  /** The Amazon States Language document, as text. */
  readonly definition: string;
  /** Inputs of running executions. @default - none runs */
  readonly runningExecutions?: readonly { readonly name: string; readonly input: string }[];
}

/** An event source mapping as `ListEventSourceMappings` shows it. */
export interface DeclaredMapping {
  readonly eventSourceArn: string;
  readonly functionName: string;
  /** @default Enabled */
  readonly state?: 'Creating' | 'Enabling' | 'Enabled' | 'Disabling' | 'Disabled' | 'Updating';
}

/** What the account is said to hold beside buckets, queues and tables. */
export interface ControlPlaneState {
  readonly functions?: readonly DeclaredFunction[];
  readonly stateMachines?: readonly DeclaredStateMachine[];
  readonly mappings?: readonly DeclaredMapping[];
  /** Secrets Manager: value by name. */
  readonly secrets?: Readonly<Record<string, string>>;
}

/** Below this path the parent says what the account holds: `declare` and `withdraw`. */
export const LOCAL_PATH = '/_local/';

/** What is added replaces what has its name (a mapping: its queue and function). */
export const declared = (state: ControlPlaneState, added: ControlPlaneState): ControlPlaneState => ({
  functions: merged(state.functions, added.functions, ({ name }) => name),
  stateMachines: merged(state.stateMachines, added.stateMachines, ({ name }) => name),
  mappings: merged(
    state.mappings,
    added.mappings,
    ({ eventSourceArn, functionName }) => `${eventSourceArn} ${functionName}`,
  ),
  secrets: { ...state.secrets, ...added.secrets },
});

export const withdrawn = (state: ControlPlaneState, names: readonly string[]): ControlPlaneState => ({
  functions: state.functions?.filter(({ name }) => !names.includes(name)) ?? [],
  stateMachines: state.stateMachines?.filter(({ name }) => !names.includes(name)) ?? [],
  mappings: state.mappings?.filter(({ functionName }) => !names.includes(functionName)) ?? [],
  secrets: Object.fromEntries(Object.entries(state.secrets ?? {}).filter(([name]) => !names.includes(name))),
});

const merged = <T>(old: readonly T[] = [], added: readonly T[] = [], nameOf: (each: T) => string): T[] => [
  ...new Map([...old, ...added].map((each) => [nameOf(each), each])).values(),
];

/** What of declared things is in a region. */
export const inRegion = <Declared extends { readonly region?: string }>(
  declared: readonly Declared[] | undefined,
  region: string,
): Declared[] => (declared ?? []).filter((each) => each.region === undefined || each.region === region);
