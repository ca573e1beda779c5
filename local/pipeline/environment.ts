import { environmentSchemas } from '../../contracts/environment';
import type { FunctionName } from '../../contracts/functions';

/** What a function's process has beside its own variables, so that it is as quiet as it is on Lambda. */
const ALWAYS = {
  // There is no X-Ray daemon here.
  POWERTOOLS_TRACE_ENABLED: 'false',
  AWS_XRAY_CONTEXT_MISSING: 'IGNORE_ERROR',
};

/**
 * A function's environment: exactly the variables that its contract names, as the stack gives them, with those
 * that lead every AWS client to the local AWS.
 *
 * @param values - what each variable stands for; undefined for those that are left to their default.
 */
export function functionEnvironment(
  name: FunctionName,
  values: Readonly<Record<string, string | undefined>>,
  awsEnvironment: Readonly<Record<string, string>>,
): Record<string, string> {
  const own = Object.keys(environmentSchemas[name].shape).flatMap((variable) => {
    const value = values[variable];
    return value === undefined ? [] : [[variable, value] as const];
  });
  return { ...ALWAYS, ...awsEnvironment, ...Object.fromEntries(own) };
}
