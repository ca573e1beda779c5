/** A deployed Lambda as `ListFunctions` shows it. */
export interface DeclaredFunction {
  readonly name: string;
  readonly environment: Readonly<Record<string, string>>;
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

/** The account that the local queues and tables carry in their ARNs. */
export const LOCAL_ACCOUNT = '000000000000';
