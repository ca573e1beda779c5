import { roleArn } from './identity';
import { type ConditionContext, type ConditionElement, conditions } from './policy-conditions';
import { isRecord, list, malformed, strings, unknown, wildcard } from './policy-syntax';

/** A request as policies see it. */
export interface AccessRequest {
  /** `s3:GetObject` */
  readonly action: string;
  /** `arn:aws:s3:::bucket/key` */
  readonly resource: string;
  /** ARNs by which the caller can be named: its own, its role's when it is a session, its account's. Empty: nobody. */
  readonly identities: readonly string[];
  /** Condition keys in lower case. */
  readonly context: ConditionContext;
}

interface Statement extends ConditionElement {
  readonly effect: 'Allow' | 'Deny';
  readonly principal: (identities: readonly string[]) => boolean;
  readonly anyone: boolean;
  readonly action: (action: string) => boolean;
  readonly resource: (resource: string) => boolean;
}

export interface BucketPolicy {
  readonly statements: readonly Statement[];
}

const MAXIMUM_POLICY_BYTES = 20 * 1024;

const anyOf =
  <Value>(tests: readonly ((value: Value) => boolean)[]) =>
  (value: Value) =>
    tests.some((test) => test(value));

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
