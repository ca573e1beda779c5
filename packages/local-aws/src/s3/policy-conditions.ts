import { isRecord, malformed, strings, unknown, wildcard } from './policy-syntax';

/** What a request brings to conditions: values by key, keys in lower case. */
export type ConditionContext = Readonly<Record<string, string | undefined>>;

type Comparison = (actual: string, expected: string) => boolean;

const instant = (text: string): number => (/^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text));

/** The positive operators; each `Not` form is its negation. */
const OPERATORS: Readonly<Record<string, Comparison>> = {
  StringEquals: (actual, expected) => actual === expected,
  StringEqualsIgnoreCase: (actual, expected) => actual.toLowerCase() === expected.toLowerCase(),
  StringLike: (actual, expected) => wildcard(expected)(actual),
  ArnEquals: (actual, expected) => wildcard(expected)(actual),
  ArnLike: (actual, expected) => wildcard(expected)(actual),
  Bool: (actual, expected) => actual.toLowerCase() === expected.toLowerCase(),
  NumericEquals: (actual, expected) => Number(actual) === Number(expected),
  NumericLessThan: (actual, expected) => Number(actual) < Number(expected),
  NumericLessThanEquals: (actual, expected) => Number(actual) <= Number(expected),
  NumericGreaterThan: (actual, expected) => Number(actual) > Number(expected),
  NumericGreaterThanEquals: (actual, expected) => Number(actual) >= Number(expected),
  DateLessThan: (actual, expected) => instant(actual) < instant(expected),
  DateGreaterThan: (actual, expected) => instant(actual) > instant(expected),
};

const NEGATIONS: Readonly<Record<string, string>> = {
  StringNotEquals: 'StringEquals',
  StringNotEqualsIgnoreCase: 'StringEqualsIgnoreCase',
  StringNotLike: 'StringLike',
  ArnNotEquals: 'ArnEquals',
  ArnNotLike: 'ArnLike',
  NumericNotEquals: 'NumericEquals',
};

/**
 * Keys that have a value here, and keys that a direct call rightly lacks (no VPC endpoint, no calling
 * service, no organisation). Any other is refused when the policy is put: evaluating it as absent could
 * allow what AWS denies.
 */
const CONDITION_KEY =
  /^(aws:(principalarn|principalaccount|principaltype|principalorgid|principalorgpaths|principaltag\/.+|principalisawsservice|userid|username|securetransport|currenttime|epochtime|sourcevpc|sourcevpce|sourcearn|sourceaccount|sourceorgid|viaawsservice|calledvia|referer)|s3:(prefix|delimiter|max-keys|versionid|tlsversion|authtype|signatureversion|x-amz-acl|x-amz-storage-class|x-amz-server-side-encryption|x-amz-server-side-encryption-aws-kms-key-id|x-amz-copy-source|x-amz-metadata-directive|x-amz-content-sha256|if-match|if-none-match|resourceaccount|existingobjecttag\/.+))$/;

export interface ConditionElement {
  readonly condition: (context: ConditionContext) => boolean;
  /** The condition keys that it uses, in lower case. */
  readonly conditionKeys: readonly string[];
}

/** @throws {S3Error} MalformedPolicy, NotImplemented. */
export function conditions(element: unknown): ConditionElement {
  if (element === undefined) return { condition: () => true, conditionKeys: [] };
  if (!isRecord(element)) throw malformed('Policy has invalid condition');
  const tests: ((context: ConditionContext) => boolean)[] = [];
  const conditionKeys: string[] = [];
  for (const [operator, keys] of Object.entries(element)) {
    if (!isRecord(keys)) throw malformed('Policy has invalid condition');
    for (const [name, values] of Object.entries(keys)) {
      const key = name.toLowerCase();
      if (!CONDITION_KEY.test(key)) throw unknown(`the condition key ${name}`);
      conditionKeys.push(key);
      tests.push(conditionTest(operator, key, strings(values, 'condition value')));
    }
  }
  return { condition: (context) => tests.every((test) => test(context)), conditionKeys };
}

function conditionTest(operator: string, key: string, expected: readonly string[]) {
  if (operator === 'Null') {
    const absent = expected[0] === 'true';
    return (context: ConditionContext) => (context[key] === undefined) === absent;
  }
  const ifExists = operator.endsWith('IfExists');
  const plain = ifExists ? operator.slice(0, -'IfExists'.length) : operator;
  const negated = NEGATIONS[plain];
  const compare = OPERATORS[negated ?? plain];
  if (compare === undefined) throw unknown(`the condition operator ${operator}`);
  if (plain.includes('Like') || plain.startsWith('Arn')) {
    // Refuses a pattern that it cannot read now, rather than at the first request.
    for (const pattern of expected) wildcard(pattern);
  }
  return (context: ConditionContext) => {
    const actual = context[key];
    // An absent key fails every positive test and passes every negated one.
    if (actual === undefined) return ifExists || negated !== undefined;
    const matches = expected.some((value) => compare(actual, value));
    return negated === undefined ? matches : !matches;
  };
}
