/** A failed invocation, in the shape of Lambda's error body. */
export interface InvocationError {
  /** The error's name, or `Sandbox.Timedout`, `Runtime.ExitError` when the handler could not answer. */
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace: readonly string[];
}

export interface ToSandbox {
  readonly id: string;
  readonly event: unknown;
  readonly context: object;
  readonly remainingMs: number;
}

export type FromSandbox =
  | { readonly type: 'ready' }
  | { readonly type: 'init-error'; readonly error: InvocationError }
  | { readonly type: 'result'; readonly id: string; readonly value: unknown }
  | { readonly type: 'error'; readonly id: string; readonly error: InvocationError };
