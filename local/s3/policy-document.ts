import { roleArn } from './identity';
import { S3Error } from './s3-error';

/** A request as policies see it. */
export interface AccessRequest {
  /** `s3:GetObject` */
  readonly action: string;
  /** `arn:aws:s3:::bucket/key` */
  readonly resource: string;
  /** ARNs by which the caller can be named: its own, its role's when it is a session, its account's. Empty: nobody. */
  readonly identities: readonly string[];
  /** Condition keys in lower case. */
  readonly context: Readonly<Record<string, string | undefined>>;
}

export interface Statement {
  readonly effect: 'Allow' | 'Deny';
  readonly principal: (identities: readonly string[]) => boolean;
  readonly anyone: boolean;
  readonly action: (action: string) => boolean;
  readonly resource: (resource: string) => boolean;
  readonly condition: (context: AccessRequest['context']) => boolean;
  /** The condition keys it uses, in lower case. */
  readonly conditionKeys: readonly string[];
}

export interface BucketPolicy {
  readonly statements: readonly Statement[];
}

const MAXIMUM_POLICY_BYTES = 20 * 1024;

const malformed = (message: string) => new S3Error('MalformedPolicy', message);
const unknown = (what: string) =>
  new S3Error('NotImplemented', `This server does not evaluate ${what} in bucket policies.`);

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);

function strings(value: unknown, what: string): string[] {
  return list(value).map((item) => {
    if (typeof item === 'string') return item;
    if (typeof item === 'boolean' || typeof item === 'number') return String(item);
    throw malformed(`Policy has invalid ${what}`);
  });
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `*` is any text, `?` any one character. */
export function wildcard(pattern: string, flags = ''): (text: string) => boolean {
  if (pattern.includes('${')) throw unknown(`the policy variable in "${pattern}"`);
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '[\\s\\S]*')
    .replaceAll('?', '[\\s\\S]');
  const expression = new RegExp(`^${source}$`, flags);
  return (text) => expression.test(text);
}

const anyOf =
  <Value>(tests: readonly ((value: Value) => boolean)[]) =>
  (value: Value) =>
    tests.some((test) => test(value));

// ---- principals

const ARN = /^arn:aws[\w-]*:(iam|sts)::\d{12}:.+$/;
const ACCOUNT = /^\d{12}$/;

interface PrincipalTest {
  readonly matches: (identities: readonly string[]) => boolean;
  readonly anyone: boolean;
  readonly arns: readonly string[];
}

function principalTest(element: unknown): PrincipalTest {
  if (element === '*') return { matches: () => true, anyone: true, arns: ['*'] };
  if (!isRecord(element)) throw malformed('Invalid principal in policy');
  const arns: string[] = [];
  for (const [kind, value] of Object.entries(element)) {
    // A service or a federated user is never who signs a request here.
    if (kind === 'Service' || kind === 'Federated') continue;
    if (kind !== 'AWS')
      throw kind === 'CanonicalUser'
        ? unknown('the principal CanonicalUser')
        : malformed('Invalid principal in policy');
    for (const name of strings(value, 'principal')) {
      if (name !== '*' && !ARN.test(name) && !ACCOUNT.test(name))
        throw malformed('Invalid principal in policy');
      if (name !== '*' && name.includes('*')) throw malformed('Invalid principal in policy');
      arns.push(ACCOUNT.test(name) ? `arn:aws:iam::${name}:root` : name);
    }
  }
  const anyone = arns.includes('*');
  return {
    anyone,
    arns,
    matches: (identities) => anyone || identities.some((identity) => arns.includes(identity)),
  };
}

function principals(statement: Record<string, unknown>): Pick<Statement, 'principal' | 'anyone'> {
  if (statement.Principal !== undefined) {
    const { matches, anyone } = principalTest(statement.Principal);
    return { principal: matches, anyone };
  }
  if (statement.NotPrincipal === undefined) throw malformed('Missing required field Principal');
  const { arns } = principalTest(statement.NotPrincipal);
  // AWS exempts a caller only when EVERY name that it goes by is listed: session, role and account.
  return {
    principal: (identities) => identities.length === 0 || !identities.every((name) => arns.includes(name)),
    anyone: true,
  };
}

// ---- actions and resources

function oneOf(
  statement: Record<string, unknown>,
  name: 'Action' | 'Resource',
  flags: string,
  check: (pattern: string) => void,
): (text: string) => boolean {
  const [positive, negative] = [statement[name], statement[`Not${name}`]];
  if ((positive === undefined) === (negative === undefined))
    throw malformed(`Missing required field ${name}`);
  const patterns = strings(positive ?? negative, name.toLowerCase());
  if (patterns.length === 0) throw malformed(`Missing required field ${name}`);
  patterns.forEach(check);
  const matches = anyOf(patterns.map((pattern) => wildcard(pattern, flags)));
  return negative === undefined ? matches : (text) => !matches(text);
}

// ---- conditions

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

function conditions(element: unknown): Pick<Statement, 'condition' | 'conditionKeys'> {
  if (element === undefined) return { condition: () => true, conditionKeys: [] };
  if (!isRecord(element)) throw malformed('Policy has invalid condition');
  const tests: ((context: AccessRequest['context']) => boolean)[] = [];
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
    return (context: AccessRequest['context']) => (context[key] === undefined) === absent;
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
  return (context: AccessRequest['context']) => {
    const actual = context[key];
    // An absent key fails every positive test and passes every negated one.
    if (actual === undefined) return ifExists || negated !== undefined;
    const matches = expected.some((value) => compare(actual, value));
    return negated === undefined ? matches : !matches;
  };
}

/**
 * Reads a bucket policy.
 *
 * @throws {S3Error} MalformedPolicy for what AWS refuses too; NotImplemented for what AWS would evaluate and this
 * server cannot: a guess here could let a test pass that production denies.
 */
export function parsePolicy(text: Buffer, bucket: string): BucketPolicy {
  if (text.length > MAXIMUM_POLICY_BYTES)
    throw malformed('Policy exceeds the maximum allowed document size.');
  let document: unknown;
  try {
    document = JSON.parse(text.toString('utf8'));
  } catch {
    throw malformed("Policies must be valid JSON and the first byte must be '{'");
  }
  if (!isRecord(document)) throw malformed("Policies must be valid JSON and the first byte must be '{'");
  if (document.Statement === undefined) throw malformed('Missing required field Statement');
  const bucketArn = `arn:aws:s3:::${bucket}`;
  const statements = list(document.Statement).map((statement): Statement => {
    if (!isRecord(statement)) throw malformed('Invalid policy syntax.');
    const { Effect: effect } = statement;
    if (effect !== 'Allow' && effect !== 'Deny') throw malformed(`Invalid effect: ${String(effect)}`);
    return {
      effect,
      ...principals(statement),
      action: oneOf(statement, 'Action', 'i', (pattern) => {
        if (pattern !== '*' && !/^s3:[\w*?]+$/i.test(pattern)) throw malformed('Policy has invalid action');
      }),
      resource: oneOf(statement, 'Resource', '', (pattern) => {
        const path = pattern.split('/')[0] ?? '';
        if (pattern !== '*' && !wildcard(path)(bucketArn) && !wildcard(pattern)(bucketArn)) {
          throw malformed('Policy has invalid resource');
        }
      }),
      ...conditions(statement.Condition),
    };
  });
  return { statements };
}

/** The names of a caller that a Principal element can match. */
export function identitiesOf(arn: string, account: string): readonly string[] {
  const role = roleArn(arn);
  return [arn, ...(role === undefined ? [] : [role]), `arn:aws:iam::${account}:root`];
}

/** What a policy says of a request: an explicit deny wins over every allow. */
export function evaluate(policy: BucketPolicy, access: AccessRequest): 'Allow' | 'Deny' | undefined {
  let verdict: 'Allow' | undefined;
  for (const statement of policy.statements) {
    const applies =
      statement.action(access.action) &&
      statement.resource(access.resource) &&
      statement.principal(access.identities) &&
      statement.condition(access.context);
    if (!applies) continue;
    if (statement.effect === 'Deny') return 'Deny';
    verdict = 'Allow';
  }
  return verdict;
}

/** Keys whose condition keeps a policy that allows everyone from being public. */
const NARROWING =
  /^(aws:(principalarn|principalaccount|principalorgid|userid|sourcevpc|sourcevpce|sourcearn|sourceaccount)|s3:resourceaccount)$/;

/** Whether a policy lets in people whom the owner did not name. */
export const isPublic = (policy: BucketPolicy): boolean =>
  policy.statements.some(
    ({ effect, anyone, conditionKeys }) =>
      effect === 'Allow' && anyone && !conditionKeys.some((key) => NARROWING.test(key)),
  );
