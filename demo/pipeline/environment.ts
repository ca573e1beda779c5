import type { FunctionName } from '../../contracts/functions';
import { environmentOf, type Variables } from '../../stacks/pipeline/environment';

/** What a function's process has beside its own variables, so that it is as quiet as it is on Lambda. */
const ALWAYS = {
  // There is no X-Ray daemon here.
  POWERTOOLS_TRACE_ENABLED: 'false',
  AWS_XRAY_CONTEXT_MISSING: 'IGNORE_ERROR',
};

/**
 * A function's environment: exactly the variables that its contract names, as the stack gives them, with those
 * that lead every AWS client to the local AWS.
 */
export const functionEnvironment = (
  name: FunctionName,
  values: Partial<Variables>,
  awsEnvironment: Readonly<Record<string, string>>,
): Record<string, string> => ({ ...ALWAYS, ...awsEnvironment, ...environmentOf(name, values) });
