import { createHash } from 'node:crypto';
import { LOCAL_ACCOUNT } from '../account';
import { type ControlPlaneState, type DeclaredFunction, inRegion } from './state';

const LATEST = '$LATEST';

/**
 * Answers the read-only part of Lambda's REST API: ListFunctions, GetFunctionConfiguration,
 * ListVersionsByFunction, ListAliases and ListEventSourceMappings.
 *
 * @returns the body, or undefined for what it does not know.
 */
export function answerLambda(url: URL, state: ControlPlaneState, region: string): object | undefined {
  const functions = inRegion(state.functions, region);
  const [, version = '', resource = '', encodedName, part] = url.pathname.replace(/\/$/, '').split('/');
  if (version !== '2015-03-31') return undefined;
  if (resource === 'event-source-mappings' && encodedName === undefined) {
    const asked = url.searchParams.get('EventSourceArn');
    const mappings = (state.mappings ?? []).filter((each) => asked === null || each.eventSourceArn === asked);
    return {
      EventSourceMappings: mappings.map((mapping) => ({
        UUID: uuidOf(`${mapping.eventSourceArn} ${mapping.functionName}`),
        EventSourceArn: mapping.eventSourceArn,
        FunctionArn: functionArn(mapping.functionName, region),
        State: mapping.state ?? 'Enabled',
      })),
    };
  }
  if (resource !== 'functions') return undefined;
  if (encodedName === undefined) {
    const all = url.searchParams.get('FunctionVersion') === 'ALL';
    return {
      Functions: functions.flatMap((each) =>
        all ? versionsOf(each, region) : configuration(each, LATEST, each.environment, region),
      ),
    };
  }
  const name = decodeURIComponent(encodedName).replace(/^arn:.*:function:/, '');
  const found = functions.find((each) => each.name === name);
  if (found === undefined) return undefined;
  if (part === 'configuration') return configuration(found, LATEST, found.environment, region);
  if (part === 'versions') return { Versions: versionsOf(found, region) };
  if (part === 'aliases') {
    return {
      Aliases: (found.aliases ?? []).map((alias) => ({
        AliasArn: `${functionArn(name, region)}:${alias.name}`,
        Name: alias.name,
        FunctionVersion: alias.version,
      })),
    };
  }
  return undefined;
}

const functionArn = (name: string, region: string): string =>
  name.startsWith('arn:') ? name : `arn:aws:lambda:${region}:${LOCAL_ACCOUNT}:function:${name}`;

const versionsOf = (each: DeclaredFunction, region: string) => [
  configuration(each, LATEST, each.environment, region),
  ...(each.versions ?? []).map((older) => configuration(each, older.version, older.environment, region)),
];

const configuration = (
  { name, environmentError }: DeclaredFunction,
  version: string,
  environment: Readonly<Record<string, string>>,
  region: string,
) => ({
  FunctionName: name,
  FunctionArn: `${functionArn(name, region)}${version === LATEST ? '' : `:${version}`}`,
  Version: version,
  State: 'Active',
  LastUpdateStatus: 'Successful',
  Environment:
    environmentError === undefined
      ? { Variables: environment }
      : { Error: { ErrorCode: environmentError.code, Message: environmentError.message } },
});

const uuidOf = (text: string): string =>
  createHash('sha256')
    .update(text)
    .digest('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
