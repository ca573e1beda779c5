import { type ConfigInput, parseConfig } from '../../../stacks/config';
import { GUARDS } from '../../../stacks/guards';
import type { Finding } from '../../../stacks/guards/guard';
import { Synthesized } from '../../../stacks/synthesized/synthesized';
import { synthesize } from '../../support/template';

type Attributes = Record<string, unknown>;
type Sections = Record<string, unknown> &
  Record<'resource' | 'data', Record<string, Record<string, Attributes>>>;

/** A statement of a policy, in IAM's own words. */
export type Statement = Readonly<Record<string, unknown>>;

/** A synthesized form that may be changed, as an override of a construct or of the stack would change it. */
export class Draft {
  constructor(readonly json: Sections) {}

  /** Adds a resource or, as `data.…`, a data source. */
  add(type: string, attributes: Attributes = {}, name = 'planted'): void {
    const [section, plain] = type.startsWith('data.')
      ? (['data', type.slice(5)] as const)
      : (['resource', type] as const);
    this.json[section][plain] = { ...this.json[section][plain], [name]: attributes };
  }

  /**
   * The attributes of the one resource of a type whose name holds a word.
   *
   * @throws {Error} when there is none, or more than one: a test that changes nothing proves nothing.
   */
  of(type: string, word = ''): Attributes {
    const named = Object.entries(this.json.resource[type] ?? {});
    const exact = named.filter(([name]) => name === word);
    const [found, ...more] = exact.length > 0 ? exact : named.filter(([name]) => name.includes(word));
    if (found === undefined || more.length > 0) {
      throw new Error(`${found === undefined ? 'No' : 'More than one'} ${type} has "${word}" in its name.`);
    }
    return found[1];
  }

  /** Sets attributes; a path such as `a.b` leads into the first block at `a`, which is made where there is none. */
  set(type: string, word: string, attributes: Attributes): void {
    const resource = this.of(type, word);
    for (const [path, value] of Object.entries(attributes)) {
      const keys = path.split('.');
      const last = keys.pop() ?? '';
      const inner = keys.reduce<Attributes>((block, key) => {
        block[key] ??= {};
        const next = block[key];
        return (Array.isArray(next) ? next[0] : next) as Attributes;
      }, resource);
      if (value === undefined) delete inner[last];
      else inner[last] = value;
    }
  }

  /** Rewrites the statements of a policy. */
  rewrite(
    type: string,
    word: string,
    change: (statements: Statement[]) => readonly Statement[],
    attribute = 'policy',
  ): void {
    const resource = this.of(type, word);
    const document = JSON.parse(String(resource[attribute])) as { Statement: Statement[] };
    resource[attribute] = JSON.stringify({ ...document, Statement: change(document.Statement) });
  }
}

/** A change that somebody could make, and which guard has to name which resource for it. */
export interface Planted {
  readonly what: string;
  readonly guard: keyof typeof GUARDS & string;
  /** A text of the sentence: the resource, and as a rule what is wrong with it. */
  readonly says: string | RegExp;
  readonly plant: (draft: Draft) => void;
  /** @default {} */
  readonly config?: ConfigInput;
}

const untouched = new Map<string, string>();

/** The synthesized form of a configuration, to be changed; it is synthesized once. */
export function draft(config: ConfigInput = {}): Draft {
  const key = JSON.stringify(config);
  if (!untouched.has(key)) untouched.set(key, JSON.stringify(synthesize(config).json));
  return new Draft(JSON.parse(untouched.get(key) ?? ''));
}

/** What each guard finds in the draft, by the guard's name: the same that stops a synthesis. */
export function findingsIn({ json }: Draft, config: ConfigInput = {}): (Finding & { guard: string })[] {
  const form = new Synthesized(json);
  const parsed = parseConfig(config, 'test');
  return Object.entries(GUARDS).flatMap(([guard, findings]) =>
    findings(form, parsed).map((finding) => ({ ...finding, guard })),
  );
}
