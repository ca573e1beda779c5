import { readFile } from 'node:fs/promises';
import { type CommandUnknownOpts, InvalidArgumentError, type Option } from '@commander-js/extra-typings';
import { EXIT } from './exit-codes';
import { isRepeated } from './option-values';
import { parseJson } from './parse-json';
import { UserError } from './user-error';

/** What a file set, and which one. */
export interface Configured {
  readonly path: string;
  /** Long names of the options that it set, without dashes. */
  readonly options: readonly string[];
}

/**
 * What skips a question or a gate, or takes something away, is typed by a person each time: a line that somebody wrote
 * into a file weeks ago is no consent.
 */
const TYPED =
  /^(?:confirm|accept-.*|allow-.*|no-.*|break-lock|purge|overwrite|copy-back|restore|mode|soak|settle|read-pause|quick|principal|yes|force)$/;
/** What concerns one call alone. */
const OF_ONE_CALL = new Set(['config', 'json', 'version', 'help']);

/**
 * Sets the options of a command from a JSON file: those by their long names that stand in it for all commands, and,
 * before these, those under the command's own name. What stands on the command line wins, and what the environment
 * says. The schema is the declared options themselves, of all commands: a name that none of them has is a mistake.
 *
 * @param given - the file; undefined to take the default one, if there is one.
 * @throws {UserError} exit 2 when the file cannot be read or used.
 */
export async function configure(
  declared: CommandUnknownOpts,
  all: readonly CommandUnknownOpts[],
  argv: readonly string[],
  { given, fallback }: { readonly given: string | undefined; readonly fallback: string },
): Promise<Configured | undefined> {
  const path = given ?? fallback;
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (given === undefined && error.code === 'ENOENT') return undefined;
    throw refused(path, `cannot be read (${error.code})`);
  });
  if (text === undefined) return undefined;
  const file = parseJson(text);
  if (!isObject(file)) throw refused(path, 'is not a JSON object');
  const sections = new Map<string, Readonly<Record<string, unknown>>>();
  const global: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(file)) {
    if (all.some((each) => each.name() === name)) {
      if (!isObject(value)) throw refused(path, `has no object of options under "${name}"`);
      sections.set(name, value);
    } else global[name] = value;
  }
  // All of it is looked at, so that a mistake does not wait for the command that it concerns.
  for (const name of Object.keys(global)) optionOf(path, name, all);
  for (const each of all) {
    for (const name of Object.keys(sections.get(each.name()) ?? {})) optionOf(path, name, [each]);
  }
  const wanted = { ...global, ...sections.get(declared.name()) };
  const options: string[] = [];
  for (const option of declared.options) {
    const name = option.long?.slice(2) ?? '';
    const isTyped = argv.some((each) => each === `--${name}` || each.startsWith(`--${name}=`));
    if (isTyped || !Object.hasOwn(wanted, name)) continue;
    const value = readValue(path, name, option, wanted[name]);
    // A flag that is false is one that is not given.
    if (value === undefined) continue;
    declared.setOptionValueWithSource(option.attributeName(), value, 'config');
    options.push(name);
  }
  return { path, options };
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const refused = (path: string, why: string) =>
  new UserError(`The configuration ${path} ${why}. Mend it, or name another with --config.`, EXIT.usage);

function optionOf(path: string, name: string, among: readonly CommandUnknownOpts[]): void {
  const known = among.some(({ options }) => options.some(({ long }) => long === `--${name}`));
  const [only] = among.length === 1 ? among : [];
  if (!known)
    throw refused(path, `names "${name}", which is not an option${only ? ` of ${only.name()}` : ''}`);
  if (OF_ONE_CALL.has(name)) throw refused(path, `sets "${name}", which belongs on the command line`);
  if (TYPED.test(name)) {
    throw refused(path, `sets "${name}", which has to be typed each time, since it lets a safeguard pass`);
  }
}

/** Reads a value as the command line would, by the option's own reader. */
function readValue(path: string, name: string, option: Option, value: unknown): unknown {
  if (!option.required && !option.optional) {
    if (typeof value === 'boolean') return value ? true : undefined;
    throw refused(path, `gives "${name}" something else than true or false`);
  }
  const many = isRepeated(option.parseArg);
  const texts = many && Array.isArray(value) ? value : [value];
  let read: unknown;
  for (const each of texts) {
    if (typeof each !== 'string' && typeof each !== 'number') {
      throw refused(
        path,
        `gives "${name}" something else than a text or a number${many ? ', or a list of such' : ''}`,
      );
    }
    try {
      read = option.parseArg === undefined ? String(each) : option.parseArg(String(each), read);
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error;
      throw refused(
        path,
        `gives "${name}" the value ${JSON.stringify(each)}, which cannot be used: ${error.message.replace(/\.$/, '')}`,
      );
    }
  }
  return read;
}
