import type { ProxiedRequest } from '../../../support/faulty-proxy';
import type { SeededRandom } from '../../../support/seeded-random';

/** Where Chroma runs: in the sandbox, or as one server for all. */
export type Mode = 'embedded' | 'server';

export const SERVICES = ['dynamodb', 's3', 'chroma'] as const;
export type Service = (typeof SERVICES)[number];

interface MomentKind {
  readonly service: Service;
  readonly matches: (request: ProxiedRequest) => boolean;
  /** How often it may be met in a beat: one of the first so many is chosen. */
  readonly upTo: number;
}

const saying =
  (text: string) =>
  ({ body }: ProxiedRequest) =>
    body.includes(text);
const asking =
  (method: string, part: string) =>
  ({ method: asked, url }: ProxiedRequest) =>
    asked === method && url.includes(part);

/** The requests of a merge at which it can be stopped: what it did before is done, what comes after is not. */
const MOMENTS = {
  'take the lease': { service: 'dynamodb', matches: saying('if_not_exists(fence'), upTo: 2 },
  'list the runs': { service: 'dynamodb', matches: saying('-pending'), upTo: 4 },
  'start a run': { service: 'dynamodb', matches: saying(':started_at'), upTo: 6 },
  publish: { service: 'dynamodb', matches: saying(':manifest'), upTo: 3 },
  'end a run': { service: 'dynamodb', matches: saying(':finished_at'), upTo: 6 },
  'give the lease back': { service: 'dynamodb', matches: saying('REMOVE lease_owner'), upTo: 2 },
  'note what was replaced': { service: 'dynamodb', matches: saying('replaced_key'), upTo: 2 },
  'read a delta': { service: 's3', matches: asking('GET', '/delta/'), upTo: 12 },
  'keep what is replaced': { service: 's3', matches: asking('PUT', '/replaced/'), upTo: 2 },
  'read the snapshot': { service: 's3', matches: asking('GET', '/snapshot/'), upTo: 3 },
  'write the snapshot': { service: 's3', matches: asking('PUT', '/snapshot/'), upTo: 3 },
  'tag what is covered': { service: 's3', matches: asking('PUT', 'tagging'), upTo: 4 },
  'add records': { service: 'chroma', matches: asking('POST', '/add'), upTo: 2 },
  'replace records': { service: 'chroma', matches: asking('POST', '/upsert'), upTo: 2 },
  annotate: { service: 'chroma', matches: asking('POST', '/update'), upTo: 2 },
  'remove records': { service: 'chroma', matches: asking('POST', '/delete'), upTo: 2 },
  'read back': { service: 'chroma', matches: asking('POST', '/get'), upTo: 4 },
  count: { service: 'chroma', matches: asking('GET', '/count'), upTo: 3 },
} as const satisfies Record<string, MomentKind>;

export type MomentName = keyof typeof MOMENTS;

/** The nth of a kind of request, whichever sandbox makes it. */
export interface Moment {
  readonly name: MomentName;
  readonly nth: number;
}

export const momentKind = (name: MomentName): MomentKind => MOMENTS[name];

/** In embedded mode the Chroma server is the sandbox's own, and nothing stands before it. */
export const servicesOf = (mode: Mode): Service[] =>
  SERVICES.filter((service) => mode === 'server' || service !== 'chroma');

export function momentIn(random: SeededRandom, mode: Mode): Moment {
  const services = servicesOf(mode);
  const names = (Object.keys(MOMENTS) as MomentName[]).filter((each) =>
    services.includes(MOMENTS[each].service),
  );
  const name = random.pick(names);
  return { name, nth: 1 + random.below(MOMENTS[name].upTo) };
}
